"""More families of small functions on lists, written as in `fim_functions`."""

MORE_LISTS = """
append_item, add_item, with_item, append
Return the list with one more item.
([1, 2, 3], 4); ([], 1)
def $f($l1: list, $n1: int) -> list:
    return $l1 + [$n1]

push, push_item, put_in
Append an item and return the list.
([1, 2, 3], 4); ([], 1)
def $f($l1: list, $n1: int) -> list:
    $l1.append($n1)
    return $l1

concat, join_lists, combine, merge_lists
Put two lists together.
([1, 2], [3]); ([], [4])
def $f($l1: list, $l2: list) -> list:
    return $l1 + $l2

take, first_items, take_first, first_few | n1=count n amount
Return the first items.
([1, 2, 3, 4], 2); ([5, -2], 1)
def $f($l1: list, $n1: int) -> list:
    return $l1[:$n1]

drop, skip, drop_first, skip_first | n1=count n amount
Return all but the first items.
([1, 2, 3, 4], 3); ([5, -2], 1)
def $f($l1: list, $n1: int) -> list:
    return $l1[$n1:]

last_items, take_last, last_few | n1=count n amount
Return the last items.
([1, 2, 3, 4], 3); ([5, -2], 1)
def $f($l1: list, $n1: int) -> list:
    return $l1[-$n1:]

rest, tail, all_but_first, without_first
Return all but the first item.
([1, 2, 3]); ([5, -2])
def $f($l1: list) -> list:
    return $l1[1:]

all_but_last, without_last, drop_last
Return all but the last item.
([1, 2, 3]); ([5, -2])
def $f($l1: list) -> list:
    return $l1[:-1]

every_second, every_other
Return every second item.
([1, 2, 3, 4, 5]); ([5, -2])
def $f($l1: list) -> list:
    return $l1[::2]

middle, middle_item
Return the item in the middle.
([1, 2, 3, 4, 5]); ([5, -2, 3])
def $f($l1: list) -> int:
    return $l1[len($l1) // 2]

ends, first_and_last, both_ends
Return the first and the last item.
([1, 2, 3, 4, 5]); ([5, -2, 3])
def $f($l1: list) -> list:
    return [$l1[0], $l1[-1]]

is_empty, empty, is_empty_list
Return True if there is nothing in it.
([1, 2]); ([])
def $f($l1: list) -> bool:
    return len($l1) == 0

repeat_list, repeat_items | n1=times count n
Repeat a list.
([1, 2], 2); ([3], 3)
def $f($l1: list, $n1: int) -> list:
    return $l1 * $n1

count_up, numbers_to, one_to, up_to
Return the numbers from 1 to $n1.
(3); (5)
def $f($n1: int) -> list[int]:
    return list(range(1, $n1 + 1))

count_down, countdown, down_from
Count down to 1.
(3); (5)
def $f($n1: int) -> list[int]:
    $o1 = []
    while $n1 > 0:
        $o1.append($n1)
        $n1 -= 1
    return $o1

squares_to, squares_up_to, first_squares
Return the first squares.
(3); (5)
def $f($n1: int) -> list[int]:
    $o1 = []
    for $e1 in range($n1):
        $o1.append($e1 * $e1)
    return $o1

multiples, multiples_of, times_table | n1=number n base; n2=count amount
Return multiples of a number.
(3, 4); (5, 2)
def $f($n1: int, $n2: int) -> list[int]:
    return [$n1 * $c1 for $c1 in range(1, $n2 + 1)]

flatten, flat, flatten_list
Put nested lists into one.
([[1, 2], [3]]); ([[], [4]])
def $f($l1: list) -> list:
    $o1 = []
    for $l2 in $l1:
        for $i1 in $l2:
            $o1.append($i1)
    return $o1

any_negative, has_negative, contains_negative
Return True if a number is negative.
([1, -2]); ([3, 4])
def $f($l1: list[int]) -> bool:
    for $i1 in $l1:
        if $i1 < 0:
            return True
    return False

all_positive, are_positive, only_positives
Return True if all are positive.
([1, -2]); ([3, 4])
def $f($l1: list[int]) -> bool:
    return all($c1 > 0 for $c1 in $l1)

any_even, has_even, contains_even
Return True if a number is even.
([1, -3]); ([3, 4])
def $f($l1: list[int]) -> bool:
    return any($c1 % 2 == 0 for $c1 in $l1)

count_even, count_evens, number_of_even
Count the even numbers.
([1, 2, 3, 4]); ([5, -3])
def $f($l1: list[int]) -> int:
    $o1 = 0
    for $i1 in $l1:
        if $i1 % 2 == 0:
            $o1 += 1
    return $o1

sum_positive, add_positive, total_positive
Add the positive numbers.
([1, -2, 3]); ([5, -3])
def $f($l1: list[int]) -> int:
    $o1 = 0
    for $i1 in $l1:
        if $i1 > 0:
            $o1 += $i1
    return $o1

sum_of_squares, total_of_squares, sum_squares
Add the squares of the numbers.
([1, 2, 3]); ([5, -3])
def $f($l1: list[int]) -> int:
    return sum($c1 * $c1 for $c1 in $l1)

count_above, how_many_above, count_bigger | n1=limit threshold minimum
Count the numbers above a limit.
([1, 2, 3, 4], 2); ([5, -3], 0)
def $f($l1: list[int], $n1: int) -> int:
    $o1 = 0
    for $i1 in $l1:
        if $i1 > $n1:
            $o1 += 1
    return $o1

first_above, first_bigger, find_above | n1=limit threshold minimum
Return the first number above a limit.
([1, 2, 3, 4], 2); ([5, -3], 9)
def $f($l1: list[int], $n1: int):
    for $i1 in $l1:
        if $i1 > $n1:
            return $i1
    return None

running_total, cumulative, running_sum
Return the sums so far.
([1, 2, 3]); ([5, -3])
def $f($l1: list[int]) -> list[int]:
    $o1 = []
    $o2 = 0
    for $i1 in $l1:
        $o2 += $i1
        $o1.append($o2)
    return $o1

add_lists, sum_pairs, add_pairs
Add two lists item by item.
([1, 2], [3, 4]); ([5], [6])
def $f($l1: list[int], $l2: list[int]) -> list[int]:
    return [$n1 + $n2 for $n1, $n2 in zip($l1, $l2)]

pairs, make_pairs, pair_up
Make pairs of two lists.
([1, 2], [3, 4]); ([5], [6])
def $f($l1: list, $l2: list) -> list:
    return list(zip($l1, $l2))

common, common_items, in_both, shared
Return the items that are in both lists.
([1, 2, 3], [3, 4, 1]); ([5], [6])
def $f($l1: list, $l2: list) -> list:
    return [$c1 for $c1 in $l1 if $c1 in $l2]

missing, only_in_first, not_in_second
Return the items that are not in $l2.
([1, 2, 3], [3, 4]); ([5], [6])
def $f($l1: list, $l2: list) -> list:
    return [$c1 for $c1 in $l1 if $c1 not in $l2]

same_length, equal_length
Return True if both lists have the same length.
([1, 2], [3]); ([5], [6])
def $f($l1: list, $l2: list) -> bool:
    return len($l1) == len($l2)

to_strings, as_strings, numbers_to_text
Turn the numbers into strings.
([1, 2, 3]); ([5])
def $f($l1: list[int]) -> list[str]:
    return [str($c1) for $c1 in $l1]

to_numbers, parse_numbers, as_integers
Turn the strings into numbers.
(["1", "2"]); (["35"])
def $f($l1: list[str]) -> list[int]:
    return [int($c1) for $c1 in $l1]
"""
