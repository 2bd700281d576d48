"""Families of small functions on text, written as in `fim_functions`."""

TEXT = """
greet, say_hello, greeting, hello | s1=name person who user
Greet someone.
("Ann"); ("Joe")
def $f($s1: str) -> str:
    return f"Hello, {$s1}!"

welcome, say_welcome, welcome_message | s1=name person who guest
Welcome someone.
("Ann"); ("Joe")
def $f($s1: str) -> str:
    return "Welcome, " + $s1 + "!"

say_goodbye, goodbye, farewell | s1=name person who user
Say goodbye.
("Ann"); ("Joe")
def $f($s1: str) -> str:
    return f"Goodbye, {$s1}!"

greet_with, make_greeting, greet_person | s1=name person who; s2=greeting word start
Greet with a word.
("Ann"); ("Joe", "Hey")
def $f($s1: str, $s2: str = "$w1") -> str:
    return f"{$s2}, {$s1}!"

upper, to_upper, uppercase, in_capitals
Return the text in capitals.
("abc"); ("Hi you")
def $f($s1: str) -> str:
    return $s1.upper()

lower, to_lower, lowercase, in_small
Return the text in small letters.
("ABC"); ("Hi You")
def $f($s1: str) -> str:
    return $s1.lower()

capitalize, capital, capital_first
Start the text with a capital.
("abc"); ("hi you")
def $f($s1: str) -> str:
    return $s1.capitalize()

title_case, to_title, as_title
Start every word with a capital.
("abc"); ("hi you")
def $f($s1: str) -> str:
    return $s1.title()

strip, trim, clean, strip_spaces
Remove spaces at both ends.
("  abc "); ("hi you ")
def $f($s1: str) -> str:
    return $s1.strip()

clean_lower, normalize, strip_lower
Strip the text and make it small.
("  Abc "); ("Hi You ")
def $f($s1: str) -> str:
    return $s1.strip().lower()

reverse_text, reverse_string, mirror, backwards_text
Return the text backwards.
("abc"); ("hi you")
def $f($s1: str) -> str:
    return $s1[::-1]

is_palindrome, palindrome, reads_same
Return True if the text reads the same backwards.
("abcba"); ("hi you")
def $f($s1: str) -> bool:
    return $s1 == $s1[::-1]

count_vowels, vowels_in, number_of_vowels
Count the vowels.
("banana"); ("try"); ("you see")
def $f($s1: str) -> int:
    $o1 = 0
    for $i1 in $s1:
        if $i1 in "aeiou":
            $o1 += 1
    return $o1

remove_vowels, without_vowels, drop_vowels
Remove the vowels.
("banana"); ("try"); ("you see")
def $f($s1: str) -> str:
    $o1 = ""
    for $i1 in $s1:
        if $i1 not in "aeiou":
            $o1 += $i1
    return $o1

count_letter, count_char, letter_count | s2=letter char c
Count how often a letter occurs.
("banana", "a"); ("try", "x")
def $f($s1: str, $s2: str) -> int:
    return $s1.count($s2)

count_character, count_in_text, how_often | s2=letter char c
Count how often a letter occurs.
("banana", "a"); ("try", "x")
def $f($s1: str, $s2: str) -> int:
    $o1 = 0
    for $i1 in $s1:
        if $i1 == $s2:
            $o1 += 1
    return $o1

text_length, length_of, count_letters, string_length
Return the length of the text.
("banana"); ("try")
def $f($s1: str) -> int:
    return len($s1)

first_letter, first_char, initial
Return the first letter.
("banana"); ("try")
def $f($s1: str) -> str:
    return $s1[0]

last_letter, last_char, final_letter
Return the last letter.
("banana"); ("try")
def $f($s1: str) -> str:
    return $s1[-1]

starts_with, begins_with, has_prefix | s2=prefix start
Return True if the text starts with $s2.
("banana", "ba"); ("try", "y")
def $f($s1: str, $s2: str) -> bool:
    return $s1.startswith($s2)

ends_with, has_suffix, finishes_with | s2=suffix ending
Return True if the text ends with $s2.
("banana", "na"); ("try", "t")
def $f($s1: str, $s2: str) -> bool:
    return $s1.endswith($s2)

has_text, contains_text, text_contains | s2=part piece
Return True if $s2 is in the text.
("banana", "na"); ("try", "x")
def $f($s1: str, $s2: str) -> bool:
    return $s2 in $s1

replace_spaces, spaces_to_dashes, dashed, make_slug
Put a dash for every space.
("a b c"); ("hi you")
def $f($s1: str) -> str:
    return $s1.replace(" ", "-")

remove_spaces, no_spaces, without_spaces
Remove all spaces.
("a b c"); ("hi you")
def $f($s1: str) -> str:
    return $s1.replace(" ", "")

replace_word, replace_text, exchange_word | s2=old before; s3=new after
Put one word for another.
("a b c", "b", "x"); ("hi you", "hi", "hey")
def $f($s1: str, $s2: str, $s3: str) -> str:
    return $s1.replace($s2, $s3)

join_words, join_all, words_to_text
Join the words with spaces.
(["a", "bc"]); (["hi"])
def $f($l1: list[str]) -> str:
    return " ".join($l1)

join_with_commas, comma_list, commas
Join the words with commas.
(["a", "bc"]); (["hi"])
def $f($l1: list[str]) -> str:
    return ", ".join($l1)

join_by, join_with, glue | s1=separator sep delimiter
Join the words with a separator.
(["a", "bc"], "-"); (["hi", "you"], "+")
def $f($l1: list[str], $s1: str) -> str:
    return $s1.join($l1)

split_words, words_of, to_words, get_words
Split the text into words.
("a b c"); ("hi you")
def $f($s1: str) -> list[str]:
    return $s1.split()

split_commas, parse_list, split_at_commas
Split the text at commas.
("a,b,c"); ("hi,you")
def $f($s1: str) -> list[str]:
    return $s1.split(",")

count_words, word_count, number_of_words
Count the words of a text.
("a b c"); ("hi you")
def $f($s1: str) -> int:
    return len($s1.split())

first_word, get_first_word
Return the first word.
("a b c"); ("hi you")
def $f($s1: str) -> str:
    return $s1.split()[0]

last_word, get_last_word
Return the last word.
("a b c"); ("hi you")
def $f($s1: str) -> str:
    return $s1.split()[-1]

repeat, repeat_text, repeat_word | n1=times count n
Repeat a text.
("ab", 3); ("hi", 2)
def $f($s1: str, $n1: int) -> str:
    return $s1 * $n1

shout, yell, scream
Shout the text.
("ab"); ("hi")
def $f($s1: str) -> str:
    return $s1.upper() + "!"

ask, as_question, make_question
Make a question of the text.
("ab"); ("hi")
def $f($s1: str) -> str:
    return $s1 + "?"

full_name, whole_name, join_names | s1=first first_name given; s2=last last_name family
Put the two names together.
("Ann", "Lee"); ("Joe", "Day")
def $f($s1: str, $s2: str) -> str:
    return $s1 + " " + $s2

concat_text, join_two, join_strings, glue_two
Put two texts together.
("ab", "cd"); ("hi", "you")
def $f($s1: str, $s2: str) -> str:
    return $s1 + $s2

initials, get_initials, short_name | s1=first first_name given; s2=last last_name family
Return the two first letters.
("Ann", "Lee"); ("Joe", "Day")
def $f($s1: str, $s2: str) -> str:
    return $s1[0] + $s2[0]

in_brackets, bracket, put_in_brackets
Put the text in brackets.
("ab"); ("hi")
def $f($s1: str) -> str:
    return "(" + $s1 + ")"

surround, wrap, put_around | s2=mark edge
Put $s2 around the text.
("ab", "*"); ("hi", "-")
def $f($s1: str, $s2: str) -> str:
    return $s2 + $s1 + $s2

add_$w1, append_$w1, end_with_$w1
Add $w1 to the text.
("ab"); ("hi")
def $f($s1: str) -> str:
    return $s1 + "$w1"

is_$w1, equals_$w1, check_$w1
Return True if the text is $w1.
("ab"); ("$w1")
def $f($s1: str) -> bool:
    return $s1 == "$w1"

first_letters, shorten, cut_text | n1=count n size
Return the first letters.
("banana", 3); ("hi", 1)
def $f($s1: str, $n1: int) -> str:
    return $s1[:$n1]

is_empty_text, no_text, is_blank
Return True if there is no text.
("banana"); ("")
def $f($s1: str) -> bool:
    return $s1 == ""

describe, introduce, about | s1=name person who; n1=age years
Describe someone.
("Ann", 7); ("Joe", 30)
def $f($s1: str, $n1: int) -> str:
    return f"{$s1} is {$n1} years old."

label, make_label, as_line | s1=key name label; n1=value number amount
Write a name and a value.
("Ann", 7); ("Joe", 30)
def $f($s1: str, $n1: int) -> str:
    return f"{$s1}: {$n1}"

to_number, parse_number, as_number
Turn the text into a number.
("12"); ("305")
def $f($s1: str) -> int:
    return int($s1)

to_text, number_to_text, as_text
Turn the number into text.
(12); (305)
def $f($n1: int) -> str:
    return str($n1)

upper_all, all_upper, capitals
Write every word in capitals.
(["a", "bc"]); (["Hi"])
def $f($l1: list[str]) -> list[str]:
    return [$c1.upper() for $c1 in $l1]

lengths, word_lengths, all_lengths
Return the length of every word.
(["a", "bc"]); (["Hiya"])
def $f($l1: list[str]) -> list[int]:
    return [len($c1) for $c1 in $l1]

longest, longest_word, find_longest
Return the longest word.
(["a", "bcd", "ef"]); (["Hi"])
def $f($l1: list[str]) -> str:
    $o1 = ""
    for $i1 in $l1:
        if len($i1) > len($o1):
            $o1 = $i1
    return $o1

long_words, longer_than, words_above | n1=limit size minimum
Return the words longer than a limit.
(["a", "bcd", "ef"], 1); (["Hi"], 3)
def $f($l1: list[str], $n1: int) -> list[str]:
    return [$c1 for $c1 in $l1 if len($c1) > $n1]

same_text, equal_ignoring_case, same_word
Compare two texts without regard to case.
("Ann", "ann"); ("Joe", "Jo")
def $f($s1: str, $s2: str) -> bool:
    return $s1.lower() == $s2.lower()

numbered, number_lines, with_numbers
Put numbers in front of the lines.
(["a", "b"]); (["Hi"])
def $f($l1: list[str]) -> list[str]:
    $o1 = []
    for $e1, $i1 in enumerate($l1):
        $o1.append(f"{$e1}: {$i1}")
    return $o1
"""
