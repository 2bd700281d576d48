"""Kinds of tools for numbers, files, people and orders; `tools_catalogue` says how to read them."""

from training.corpus.tools_kinds import read_kinds

_WORK = """
names: add | add_numbers | sum | plus | addTwo | addition | calc_sum
about: Add two numbers | Add numbers | Compute the sum of two numbers
with: a/x/first/left number number
with: b/y/second/right number number
do: add {0} and {1} | add {0} to {1} | compute {0} plus {1} | sum {0} and {1} | work out {0} + {1}
  | add up {0} and {1} | calculate the sum of {0} and {1}
ask: what is {0} plus {1} | what is {0} + {1} | how much is {0} + {1} | what is the sum of {0} and {1}
  | what do {0} and {1} make together
short: {0} + {1} | {0} plus {1} | sum of {0} and {1}
gives: result/sum/value/answer/total =sum => {r0} => {0} plus {1} is {r0}.

names: multiply | times | multiply_numbers | product | mul | multiplyTwo
about: Multiply two numbers | Compute the product of two numbers | Multiply numbers
with: a/x/first/left integer integer
with: b/y/second/right integer integer
do: multiply {0} by {1} | multiply {0} and {1} | compute {0} times {1} | work out {0} * {1}
  | calculate the product of {0} and {1} | multiply {0} with {1}
ask: what is {0} times {1} | what is {0} * {1} | how much is {0} times {1} | what is the product of {0} and {1}
short: {0} * {1} | {0} times {1} | {0} x {1}
gives: result/product/value/answer =product => {r0} => {0} times {1} is {r0}.

names: subtract | minus | difference | subtract_numbers | sub
about: Subtract a number from a number | Compute the difference of two numbers | Subtract numbers
with: a/x/first/left integer integer
with: b/y/second/right integer integer
do: subtract {1} from {0} | compute {0} minus {1} | take {1} away from {0} | work out {0} - {1} | take {1} from {0}
ask: what is {0} minus {1} | what is {0} - {1} | how much is {0} minus {1} | what is the difference of {0} and {1}
short: {0} - {1} | {0} minus {1}
gives: result/difference/value/answer =difference => {r0} => {0} minus {1} is {r0}.

names: calculator | calculate | calc | evaluate | math | compute | do_maths
about: Calculate an expression | Evaluate a mathematical expression | Work out a calculation
with: expression/expr/formula/input string expression
do: calculate {0} | compute {0} | work out {0} | evaluate {0} | solve {0} | do the sum {0}
ask: what is {0} | how much is {0} | what does {0} give | what is the result of {0}
short: {0} | {0} = | calc {0}
gives: result/value/answer =evaluate => {r0} => {0} is {r0}.

names: random_number | rand | pick_number | randomInt | draw_number | random
about: Draw a random number between two numbers | Get a random number | Pick a random number in a range
with: min/low/from/start integer few
with: max/high/to/end integer percent
do: pick a random number between {0} and {1} | draw a number from {0} to {1}
  | give me a random number between {0} and {1} | choose a random number from {0} to {1}
  | draw a random number between {0} and {1}
ask: can I have a random number between {0} and {1} | what is a random number from {0} to {1}
short: random number {0} {1} | random {0} to {1} | random number between {0} and {1}
gives: number/result/value =between => {r0} => The random number is {r0}.

names: get_user | user | find_user | getUserById | fetch_user | user_info
about: Get a user by id | Find a user by the id | Fetch the user with an id
with: id/user_id/number/uid integer id
do: get the user with the id {0} | find user {0} | show me user {0} | look up the user with id {0} | fetch user {0}
  | tell me the name of user {0}
ask: who is user {0} | which user has the id {0} | who is the user with the id {0} | what is the name of user {0}
short: user {0} | user id {0} | user number {0}
gives: name/user/username name => {r0} => User {0} is {r0}.
gives: name/user name, city/town city => {r0} from {r1} => User {0} is {r0} from {r1}.
gives: name/user name, age/years small => {r0}, {r1} => User {0} is {r0} and is {r1} years old.

names: find_contact | phone_number | get_contact | lookupPhone | phone_book | contacts
about: Find the phone number of a person | Look up a phone number | Get the phone number of a contact
with: name/person/who/contact string name
do: find the phone number of {0} | look up the number of {0} | give me the phone number of {0}
  | get me the number of {0} | tell me the phone number of {0}
ask: what is the phone number of {0} | what is the number of {0} | do you have the phone number of {0}
short: phone number {0} | number of {0} | {0} phone number
gives: phone/number/phone_number phone => {r0} => The phone number of {0} is {r0}.

names: order_status | track_order | get_order | orderInfo | where_is_order | check_order
about: Get the status of an order | Track an order by its number | Check where an order is
with: order_id/order/number/code string code
do: check the status of order {0} | track order {0} | tell me where order {0} is | look up order {0}
  | find my order {0}
ask: where is my order {0} | what is the status of order {0} | when does order {0} come | has order {0} been sent
  | where is the order {0}
short: order {0} | status of order {0} | track {0}
gives: status/state done => {r0} => The status of order {0} is {r0}.
gives: arrives/delivery/date date => {r0} => Order {0} arrives on {r0}.

names: open_file | read_file | show_file | openFile | file_open | cat
about: Open a file | Read a file by its path | Show the text of a file
with: path/file/filename/name string file
do: open {0} | open the file {0} | read the file {0} | show me the file {0} | read {0} | show what is in the file {0}
ask: what is in the file {0} | what does the file {0} say | what is in {0}
short: file {0} | open file {0} | read {0}
gives: content/text/data message => {r0} => The file {0} says: {r0}
gives: lines/size/length id => {r0} lines => The file {0} has {r0} lines.

names: list_files | ls | dir | listFolder | show_folder | files_in
about: List the files in a folder | Show the files of a folder | List a folder by its path
with: path/folder/directory/dir string folder
do: list the files in {0} | show me the files in {0} | list the folder {0} | show the folder {0}
  | tell me which files are in {0}
ask: what files are in {0} | which files are in the folder {0} | what is in the folder {0} | what files does {0} have
short: files in {0} | list {0} | files {0}
gives: files/names/items files => {r0} => The files in {0} are {r0}.
gives: count/files/number few => {r0} files => There are {r0} files in {0}.

names: delete_file | remove_file | rm | deleteFile | file_remove | erase
about: Delete a file | Remove a file by its path | Delete the file with a path
with: path/file/filename/target string file
do: delete {0} | delete the file {0} | remove {0} | remove the file {0} | erase the file {0} | throw away the file {0}
ask: can you get rid of the file {0} | can {0} be deleted
short: delete file {0} | rm {0} | remove {0}
gives: status/result done => Deleted. => I deleted the file {0}.
gives: deleted/ok/done true => deleted => I deleted the file {0}.

names: copy_file | cp | duplicate_file | copyFile | file_copy
about: Copy a file to another file | Copy a file | Make a copy of a file
with: source/from/file/old string file
with: target/to/destination/new string file
do: copy {0} to {1} | copy the file {0} to {1} | make a copy of {0} at {1} | copy from {0} to {1}
ask: can I have a copy of {0} at {1}
short: copy {0} {1} | cp {0} {1}
gives: status/result done => Copied. => I copied {0} to {1}.

names: query_database | db_lookup | find_record | queryTable | database | lookup_record
about: Look up a record in a database table | Query a table by id | Find the row with an id in a table
with: table/collection/source string thing
with: id/row/key/record integer id
do: look up the record {1} in the table {0} | get row {1} of the table {0} | find the record with id {1} in {0}
  | query the table {0} for id {1} | read the row {1} in the table {0}
ask: what is row {1} of the table {0} | what does the database have for id {1} in {0} | what is the record {1} in {0}
short: table {0} row {1} | {0} record {1} | database {0} {1}
gives: name/value/title title => {r0} => The record {1} in {0} is {r0}.

names: count_words | word_count | wordCounter | words_in | count_text
about: Count the words in a text | Count how many words a text has | Word counter
with: text/input/content/sentence string message
do: count the words in "{0}" | count how many words are in "{0}" | tell me the number of words in: {0}
  | count words: {0}
ask: how many words are in "{0}" | how many words does "{0}" have | how many words has the text "{0}"
short: word count: {0} | words in "{0}"
gives: count/words/result few => {r0} => The text has {r0} words.

names: create_user | add_user | new_user | registerUser | sign_up | make_account
about: Create a user with a name and an email | Add a new user | Make an account for a person
with: name/username/user string name
with: email/mail/address string email
do: create a user {0} with the email {1} | add the user {0} with the address {1} | make an account for {0} with {1}
  | add a new user named {0}, email {1} | create an account for {0}, email {1}
ask: can you make a user {0} with the email {1}
short: new user {0} {1} | user {0}, {1} | add user {0} {1}
gives: id/user_id/number id => {r0} => I created the user {0} with the id {r0}.
gives: status/result done => User created. => I created the user {0}.

names: set_price | change_price | update_price | priceUpdate | new_price
about: Set the price of a product | Change what a product costs | Update the price of a product
with: product/item/name string thing
with: price/amount/value/cost number number
do: set the price of the {0} to {1} | change the price of {0} to {1} | update the price of the {0} to {1}
  | make the {0} cost {1}
ask: can the {0} cost {1} | can the price of the {0} be {1}
short: price {0} {1} | {0} price {1} | new price {0}: {1}
gives: status/result done => Price changed. => The price of the {0} is now {1}.

names: named_timer | set_timer | timer | start_timer | new_timer
about: Set a timer with a name for some minutes | Start a timer, the name may be left out | Start a named timer
with: minutes/duration/mins integer small
with: name/label/title string food
do: set a timer for {0} minutes called {1} | set a {0} minute timer for the {1} | start a timer of {0} minutes
  | start a {0} minute timer named {1} | set a timer for {0} minutes
ask: can I have a timer for {0} minutes | can I have a {0} minute timer for the {1}
short: timer {0} minutes | {1} timer {0} minutes | timer {0} min {1}
gives: status/result/state done => Timer started. => The timer is set for {0} minutes.
gives: ends_at/end/until time => ends at {r0} => The timer for {0} minutes ends at {r0}.

names: search_results | search_web | web_search | find_pages | searchPages
about: Search the web for a number of results | Find a number of web pages | Search the web
with: query/text/topic string topic
with: count/limit/max integer few
do: find {1} results for {0} | search the web for {0} | search for {1} pages about {0}
  | show me {1} web pages about {0} | look up {0} on the web
ask: can I see {1} results about {0}
short: {1} results for {0} | search {0} | search: {0}
gives: results/pages titles => {r0} => I found {r0}.
gives: title/page title => {r0} => The first result for {0} is {r0}.
"""

KINDS = read_kinds(_WORK)
