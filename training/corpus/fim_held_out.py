"""Functions that are not in training, each with a hole: new combinations of what the functions in training do.

First the calls to test, then the code, with the hole's middle between « and ».
"""

FAMILIES = '''
sum_even([1, 2, 4]); sum_even([3, 6, 7]); sum_even([])
def sum_even(readings):
    outcome = 0
    for reading in readings:
        if «reading % 2 == 0»:
            outcome += reading
    return outcome

count_positive([1, -2, 4]); count_positive([3]); count_positive([-1, 0])
def count_positive(readings):
    tally = 0
    for reading in readings:
        «if reading > 0:»
            tally += 1
    return tally

double_positive([1, -2, 4]); double_positive([3]); double_positive([-1, 0])
def double_positive(samples):
    gathered = []
    for sample in samples:
        if sample > 0:
            «gathered.append(sample * 2)»
    return gathered

add_four(1, 2, 3, 4); add_four(5, -2, 0, 8)
def add_four(one, two, three, four):
    return «one + two + three + four»

multiply_four(1, 2, 3, 4); multiply_four(5, -2, 1, 8)
def multiply_four(w, x, y, z):
    return «w * x * y * z»

quadruple(3); quadruple(-2)
def quadruple(quantity):
    """Return four times the number."""
    return «quantity * 4»

average_of_three(1, 2, 6); average_of_three(4, -4, 3)
def average_of_three(units, pieces, offer):
    return «(units + pieces + offer) / 3»

filter_negative([1, -2, 4]); filter_negative([3]); filter_negative([-1, 0])
def filter_negative(orders):
    collected = []
    for order in orders:
        if «order < 0»:
            collected.append(order)
    return collected

subtract_from_all([5, 7], 2); subtract_from_all([1], 4)
def subtract_from_all(marks, penalty):
    return [«x - penalty for x in marks»]

triangle_perimeter(3, 4, 5); triangle_perimeter(1, 1, 1)
def triangle_perimeter(one, two, three):
    return «one + two + three»

greet_all(["Ann", "Joe"]); greet_all([])
def greet_all(guests):
    greetings = []
    for guest in guests:
        greetings.append(f"Hello, {«guest»}!")
    return greetings

total_length(["ab", "c"]); total_length([])
def total_length(captions):
    summary = 0
    for caption in captions:
        summary += «len(caption)»
    return summary

lower_all(["AB", "c"]); lower_all(["Hi"])
def lower_all(captions):
    return [«x.lower() for x in captions»]

reverse_and_shout("abc"); reverse_and_shout("hi")
def reverse_and_shout(caption):
    backwards = caption[::-1]
    return «backwards.upper() + "!"»

product_of_positive([2, -3, 4]); product_of_positive([5])
def product_of_positive(bids):
    outcome = 1
    for bid in bids:
        if bid > 0:
            «outcome *= bid»
    return outcome

is_small_and_even(4); is_small_and_even(7); is_small_and_even(60)
def is_small_and_even(weight):
    """Return True if the number is even and less than 10."""
    return weight < 10 and «weight % 2 == 0»

ask_politely("Stay"); ask_politely("Go")
def ask_politely(remark):
    """Put please after the text."""
    return «remark + " please"»

triple_all([1, 2]); triple_all([-4])
def triple_all(samples):
    outcome = []
    «for sample in samples:»
        outcome.append(sample * 3)
    return outcome

Triangle(4, 6).base; Triangle(4, 6).height; Triangle(3, 5).area()
class Triangle:
    def __init__(self, base, height):
        self.base = base
        «self.height = height»

    def area(self):
        return self.base * self.height / 2

Shelf().add("jar"); Shelf().size()
class Shelf:
    def __init__(self):
        self.jars = []

    def add(self, jar):
        «self.jars.append(jar)»
        return self.jars

    def size(self):
        return len(self.jars)
'''
