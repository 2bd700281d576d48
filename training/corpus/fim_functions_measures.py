"""Families of small functions that measure, count and decide, written as in `fim_functions`."""

MEASURES = """
area, rectangle_area, rect_area, area_of | n1=width w wide; n2=height h length
Return the area of a rectangle.
(2, 3); (10, 4)
def $f($n1: int, $n2: int) -> int:
    return $n1 * $n2

perimeter, rectangle_perimeter, perimeter_of | n1=width w wide; n2=height h length
Return the perimeter of a rectangle.
(2, 3); (10, 4)
def $f($n1: int, $n2: int) -> int:
    return 2 * ($n1 + $n2)

circle_area, disk_area, area_of_circle | n1=radius r
Return the area of a circle.
(2); (10)
def $f($n1: float) -> float:
    return 3.14 * $n1 * $n1

square_area, area_of_square | n1=side size length
Return the area of a square.
(2); (10)
def $f($n1: int) -> int:
    return $n1 * $n1

triangle_area, area_of_triangle | n1=base width; n2=height h
Return the area of a triangle.
(2, 3); (10, 4)
def $f($n1: float, $n2: float) -> float:
    return $n1 * $n2 / 2

volume, box_volume, volume_of | n1=width w length; n2=height h; n3=depth d
Return the volume of a box.
(2, 3, 4); (10, 4, 7)
def $f($n1: int, $n2: int, $n3: int) -> int:
    return $n1 * $n2 * $n3

to_fahrenheit, celsius_to_fahrenheit, fahrenheit | n1=celsius c degrees temperature
Turn degrees Celsius into Fahrenheit.
(0); (20)
def $f($n1: float) -> float:
    return $n1 * 9 / 5 + 32

to_celsius, fahrenheit_to_celsius, celsius | n1=fahrenheit f degrees temperature
Turn degrees Fahrenheit into Celsius.
(32); (68)
def $f($n1: float) -> float:
    return ($n1 - 32) * 5 / 9

to_seconds, minutes_to_seconds, seconds_in | n1=minutes mins
Turn minutes into seconds.
(2); (10)
def $f($n1: int) -> int:
    return $n1 * 60

days_to_hours, hours_in_days | n1=days d
Turn days into hours.
(2); (10)
def $f($n1: int) -> int:
    return $n1 * 24

weeks_to_days, days_in_weeks | n1=weeks w
Turn weeks into days.
(2); (10)
def $f($n1: int) -> int:
    return $n1 * 7

meters_to_cm, to_centimeters | n1=meters m length
Turn meters into centimeters.
(2); (10)
def $f($n1: int) -> int:
    return $n1 * 100

factorial, fact
Return the factorial of a number.
(1); (3); (5)
def $f($n1: int) -> int:
    $o1 = 1
    for $e1 in range(1, $n1 + 1):
        $o1 *= $e1
    return $o1

recursive_factorial, factorial_of, factorial_rec
Return the factorial of a number.
(0); (3); (5)
def $f($n1: int) -> int:
    if $n1 == 0:
        return 1
    return $n1 * $f($n1 - 1)

fibonacci, fib
Return a Fibonacci number.
(0); (1); (6)
def $f($n1: int) -> int:
    if $n1 < 2:
        return $n1
    return $f($n1 - 1) + $f($n1 - 2)

fibonacci_number, nth_fibonacci, fib_loop
Return a Fibonacci number.
(0); (1); (6)
def $f($n1: int) -> int:
    $n2, $n3 = 0, 1
    for $e1 in range($n1):
        $n2, $n3 = $n3, $n2 + $n3
    return $n2

sum_to, sum_up_to, add_up_to
Add the numbers from 1 to $n1.
(1); (3); (5)
def $f($n1: int) -> int:
    $o1 = 0
    for $e1 in range(1, $n1 + 1):
        $o1 += $e1
    return $o1

times_$k1, multiply_by_$k1, by_$k1
Multiply a number by $k1.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 * $k1

add_$k1, plus_$k1, increase_by_$k1
Add $k1 to a number.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 + $k1

subtract_$k1, minus_$k1, decrease_by_$k1
Subtract $k1 from a number.
(3); (-5)
def $f($n1: int) -> int:
    return $n1 - $k1

divide_by_$k1, divided_by_$k1
Divide a number by $k1.
(3); (-5)
def $f($n1: float) -> float:
    return $n1 / $k1

is_above_$k1, bigger_than_$k1, more_than_$k1
Return True if a number is above $k1.
($k1); ($k1 + 1); ($k1 - 1)
def $f($n1: int) -> bool:
    return $n1 > $k1

is_below_$k1, smaller_than_$k1, less_than_$k1
Return True if a number is below $k1.
($k1); ($k1 + 1); ($k1 - 1)
def $f($n1: int) -> bool:
    return $n1 < $k1

is_$k1, equals_$k1
Return True if a number is $k1.
($k1); ($k1 + 1); ($k1 - 1)
def $f($n1: int) -> bool:
    return $n1 == $k1

scale, stretch, resize | n2=factor scale_by rate
Multiply by a factor.
(3); (3, 5)
def $f($n1: int, $n2: int = $k1) -> int:
    return $n1 * $n2

step_up, increase, raise_by | n2=step by amount
Increase a number by a step.
(3); (3, 5)
def $f($n1: int, $n2: int = $k1) -> int:
    return $n1 + $n2

step_down, decrease, lower_by | n2=step by amount
Decrease a number by a step.
(3); (3, 5)
def $f($n1: int, $n2: int = $k1) -> int:
    return $n1 - $n2

total_price, total_cost, cost, price_of | n1=price cost unit_price; n2=count amount
Return the price of all pieces.
(2, 3); (10, 4)
def $f($n1: int, $n2: int) -> int:
    return $n1 * $n2

discount, price_after_discount, reduce_price | n1=price cost amount; n2=percent rate
Take a percentage off a price.
(200, 10); (50, 20)
def $f($n1: float, $n2: float) -> float:
    return $n1 - $n1 * $n2 / 100

add_tax, with_tax, price_with_tax | n1=price cost amount; n2=percent rate tax
Add a percentage to a price.
(200, 10); (50, 20)
def $f($n1: float, $n2: float) -> float:
    return $n1 + $n1 * $n2 / 100

percent, percentage, percent_of | n1=part share; n2=whole total
Return the percentage that $n1 is of $n2.
(2, 4); (3, 12)
def $f($n1: float, $n2: float) -> float:
    return $n1 / $n2 * 100

speed, velocity, get_speed | n1=distance way; n2=time hours
Return the speed.
(8, 2); (9, 4)
def $f($n1: float, $n2: float) -> float:
    return $n1 / $n2

gcd, greatest_divisor, common_divisor
Return the greatest common divisor.
(12, 18); (7, 3)
def $f($n1: int, $n2: int) -> int:
    while $n2:
        $n1, $n2 = $n2, $n1 % $n2
    return $n1

is_prime, prime, check_prime
Return True if the number is prime.
(2); (9); (13); (15)
def $f($n1: int) -> bool:
    for $e1 in range(2, $n1):
        if $n1 % $e1 == 0:
            return False
    return True

count_digits, digit_count, number_of_digits
Count the digits of a number.
(7); (123)
def $f($n1: int) -> int:
    return len(str($n1))

digit_sum, sum_of_digits, sum_digits
Add the digits of a number.
(7); (123)
def $f($n1: int) -> int:
    $o1 = 0
    for $i1 in str($n1):
        $o1 += int($i1)
    return $o1

last_digit, final_digit
Return the last digit of a number.
(7); (123)
def $f($n1: int) -> int:
    return $n1 % 10

grade, passed, pass_or_fail | n1=score points mark
Say if the test is passed.
($k1); ($k1 + 1); ($k1 - 1)
def $f($n1: int, $n2: int = $k1) -> str:
    if $n1 >= $n2:
        return "pass"
    return "fail"

is_adult, is_grown_up | n1=age years
Return True from 18 years on.
(12); (18); (40)
def $f($n1: int) -> bool:
    return $n1 >= 18

fizzbuzz, fizz_buzz
Return Fizz, Buzz or the number.
(9); (10); (7); (15)
def $f($n1: int) -> str:
    if $n1 % 15 == 0:
        return "FizzBuzz"
    if $n1 % 3 == 0:
        return "Fizz"
    if $n1 % 5 == 0:
        return "Buzz"
    return str($n1)

is_leap_year, leap_year | n1=year y
Return True if the year is a leap year.
(2000); (1900); (2024); (2023)
def $f($n1: int) -> bool:
    return $n1 % 4 == 0 and ($n1 % 100 != 0 or $n1 % 400 == 0)

is_equal, equal, same, are_same
Return True if both are the same.
(2, 3); (4, 4)
def $f($n1: int, $n2: int) -> bool:
    return $n1 == $n2

is_different, different, not_equal, differ
Return True if both differ.
(2, 3); (4, 4)
def $f($n1: int, $n2: int) -> bool:
    return $n1 != $n2

is_greater, greater_than, is_bigger, is_more
Return True if $n1 is greater than $n2.
(2, 3); (4, 4); (6, 1)
def $f($n1: int, $n2: int) -> bool:
    return $n1 > $n2

is_less, less_than, is_smaller
Return True if $n1 is less than $n2.
(2, 3); (4, 4); (6, 1)
def $f($n1: int, $n2: int) -> bool:
    return $n1 < $n2

swap, exchange, swapped, flip
Swap two values.
(2, 3); (10, -4)
def $f($n1: int, $n2: int):
    return $n2, $n1

both, both_true, logical_and
Return True if both are true.
(True, True); (True, False); (False, True)
def $f($n1: bool, $n2: bool) -> bool:
    return $n1 and $n2

either, either_true, one_of, logical_or
Return True if one of them is true.
(False, False); (True, False); (False, True)
def $f($n1: bool, $n2: bool) -> bool:
    return $n1 or $n2

invert, negation, logical_not, is_false
Return the opposite truth value.
(True); (False)
def $f($n1: bool) -> bool:
    return not $n1

sum_of_squares_two, add_squares, square_sum
Add the squares of two numbers.
(2, 3); (1, -4)
def $f($n1: int, $n2: int) -> int:
    return $n1 * $n1 + $n2 * $n2
"""
