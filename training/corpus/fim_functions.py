"""Families of small functions on numbers, to cut holes into.

A family is a block of lines: stems of the function's name (and after `|` names that suit a slot), what it says in a
docstring, calls that show what it does (a bare tuple holds the arguments of a call of the function), and the code.

A slot is `$`, a letter for what stands there, and a digit: n number, s text, l list, i item of a list, c item in a
comprehension, d dict, o result, e index, k integer, w word within quotes, g attribute, m method; `$f` and `$F` are the
names of the function and the class.
"""

NUMBERS = """
add, plus, add_numbers, add_two, sum_two, get_sum
Add two numbers.
(2, 3); (10, -4)
def $f($n1: int, $n2: int) -> int:
    return $n1 + $n2

add_up, addition, sum_of_two
Return the sum of $n1 and $n2.
(2, 3); (10, -4)
def $f($n1: int, $n2: int) -> int:
    $o1 = $n1 + $n2
    return $o1

add_three, sum_three, plus_three
Add three numbers.
(2, 3, 4); (10, -4, 7)
def $f($n1: int, $n2: int, $n3: int) -> int:
    return $n1 + $n2 + $n3

subtract, minus, difference, take_away
Subtract $n2 from $n1.
(9, 3); (10, -4)
def $f($n1: int, $n2: int) -> int:
    return $n1 - $n2

multiply, times, product, mul
Multiply two numbers.
(2, 3); (10, -4)
def $f($n1: int, $n2: int) -> int:
    return $n1 * $n2

multiply_numbers, multiplication, get_product
Return the product of $n1 and $n2.
(2, 3); (10, -4)
def $f($n1: int, $n2: int) -> int:
    $o1 = $n1 * $n2
    return $o1

multiply_three, product_three
Multiply three numbers.
(2, 3, 4); (10, -4, 7)
def $f($n1: int, $n2: int, $n3: int) -> int:
    return $n1 * $n2 * $n3

divide, quotient, division, ratio
Divide $n1 by $n2.
(8, 2); (9, 4)
def $f($n1: float, $n2: float) -> float:
    return $n1 / $n2

safe_divide, divide_safe, divide_or_zero
Divide, or return 0 if $n2 is 0.
(8, 2); (9, 4); (5, 0)
def $f($n1: float, $n2: float) -> float:
    if $n2 == 0:
        return 0
    return $n1 / $n2

square, squared, get_square
Return the square of a number.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 * $n1

cube, cubed, get_cube
Return the cube of a number.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 ** 3

power, raise_to, pow_of
Raise $n1 to the power of $n2.
(3, 2); (2, 5)
def $f($n1: int, $n2: int) -> int:
    return $n1 ** $n2

double, twice, times_two, doubled
Return twice the number.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 * 2

triple, times_three, tripled
Return three times the number.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 * 3

half, halve, half_of
Return half of the number.
(8); (5)
def $f($n1: float) -> float:
    return $n1 / 2

negate, negative_of, opposite, flip_sign
Return the number with the other sign.
(3); (-5)
def $f($n1: int) -> int:
    return -$n1

next_number, increment, plus_one, add_one
Return the next number.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 + 1

previous_number, decrement, minus_one, subtract_one
Return the number before.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 - 1

average_of_two, mean_of_two, midpoint, average_two
Return the average of two numbers.
(2, 3); (10, -4)
def $f($n1: float, $n2: float) -> float:
    return ($n1 + $n2) / 2

is_even, even, check_even
Return True if the number is even.
(4); (7); (0)
def $f($n1: int) -> bool:
    return $n1 % 2 == 0

is_odd, odd, check_odd
Return True if the number is odd.
(4); (7); (0)
def $f($n1: int) -> bool:
    return $n1 % 2 == 1

even_or_odd, parity, odd_or_even
Say if a number is even or odd.
(4); (7); (0)
def $f($n1: int) -> str:
    if $n1 % 2 == 0:
        return "even"
    return "odd"

is_positive, positive, check_positive
Return True if the number is positive.
(4); (-7); (0)
def $f($n1: int) -> bool:
    return $n1 > 0

is_negative, negative, check_negative
Return True if the number is negative.
(4); (-7); (0)
def $f($n1: int) -> bool:
    return $n1 < 0

is_zero, zero, equals_zero
Return True if the number is zero.
(4); (-7); (0)
def $f($n1: int) -> bool:
    return $n1 == 0

is_divisible, divisible_by, is_multiple
Return True if $n2 divides $n1.
(8, 2); (9, 4); (9, 3)
def $f($n1: int, $n2: int) -> bool:
    return $n1 % $n2 == 0

remainder, modulo, rest_of_division
Return the rest of a division.
(8, 3); (14, 5)
def $f($n1: int, $n2: int) -> int:
    return $n1 % $n2

maximum, max_of_two, bigger, larger
Return the bigger of two numbers.
(2, 3); (10, -4); (5, 5)
def $f($n1: int, $n2: int) -> int:
    if $n1 > $n2:
        return $n1
    return $n2

minimum, min_of_two, smaller, lesser
Return the smaller of two numbers.
(2, 3); (10, -4); (5, 5)
def $f($n1: int, $n2: int) -> int:
    if $n1 < $n2:
        return $n1
    return $n2

max_two, bigger_of, larger_of, greater_of
Return the bigger of two numbers.
(2, 3); (10, -4); (5, 5)
def $f($n1: int, $n2: int) -> int:
    return $n1 if $n1 > $n2 else $n2

min_two, smaller_of, lesser_of
Return the smaller of two numbers.
(2, 3); (10, -4); (5, 5)
def $f($n1: int, $n2: int) -> int:
    return $n1 if $n1 < $n2 else $n2

max_of_three, biggest_of_three, largest_of_three
Return the biggest of three numbers.
(2, 3, 4); (10, -4, 7); (1, 9, 5)
def $f($n1: int, $n2: int, $n3: int) -> int:
    return max($n1, $n2, $n3)

min_of_three, smallest_of_three
Return the smallest of three numbers.
(2, 3, 4); (10, -4, 7); (4, 9, 1)
def $f($n1: int, $n2: int, $n3: int) -> int:
    return min($n1, $n2, $n3)

clamp, limit, keep_between | n1=value x number; n2=low lower minimum; n3=high upper maximum
Keep a number between two limits.
(5, 1, 9); (-3, 1, 9); (12, 1, 9)
def $f($n1: int, $n2: int, $n3: int) -> int:
    if $n1 < $n2:
        return $n2
    if $n1 > $n3:
        return $n3
    return $n1

clip, bound, restrict | n1=value x number; n2=low lower minimum; n3=high upper maximum
Keep a number between two limits.
(5, 1, 9); (-3, 1, 9); (12, 1, 9)
def $f($n1: int, $n2: int, $n3: int) -> int:
    return max($n2, min($n1, $n3))

is_between, in_range, within | n1=value x number; n2=low lower minimum; n3=high upper maximum
Return True if $n1 is between $n2 and $n3.
(5, 1, 9); (-3, 1, 9); (12, 1, 9); (9, 1, 9); (1, 1, 9)
def $f($n1: int, $n2: int, $n3: int) -> bool:
    return $n2 <= $n1 <= $n3

absolute, absolute_value, make_positive
Return the number without its sign.
(4); (-7); (0)
def $f($n1: int) -> int:
    if $n1 < 0:
        return -$n1
    return $n1

distance, gap, apart
Return how far two numbers are apart.
(2, 3); (10, -4)
def $f($n1: int, $n2: int) -> int:
    return abs($n1 - $n2)

sign, sign_of, get_sign
Return 1, -1 or 0.
(4); (-7); (0)
def $f($n1: int) -> int:
    if $n1 > 0:
        return 1
    if $n1 < 0:
        return -1
    return 0
"""
