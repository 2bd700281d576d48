"""Families of small functions on lists, written as in `fim_functions`."""

LISTS = """
sum_list, sum_all, total, add_all, sum_of
Add all numbers of a list.
([1, 2, 3]); ([5, -2]); ([])
def $f($l1: list[int]) -> int:
    $o1 = 0
    for $i1 in $l1:
        $o1 += $i1
    return $o1

list_sum, total_of, get_total, sum_values
Return the sum of the list.
([1, 2, 3]); ([5, -2]); ([])
def $f($l1: list[int]) -> int:
    return sum($l1)

product_of, multiply_all, product_list
Multiply all numbers of a list.
([1, 2, 3]); ([5, -2]); ([])
def $f($l1: list[int]) -> int:
    $o1 = 1
    for $i1 in $l1:
        $o1 *= $i1
    return $o1

average, mean, average_of, get_average
Return the average of a list.
([1, 2, 3]); ([5, -2])
def $f($l1: list[float]) -> float:
    return sum($l1) / len($l1)

safe_average, average_or_zero, mean_or_zero
Return the average, or 0 for an empty list.
([1, 2, 3]); ([5, -2]); ([])
def $f($l1: list[float]) -> float:
    if not $l1:
        return 0
    return sum($l1) / len($l1)

max_of_list, biggest, find_max, find_biggest
Return the biggest number of a list.
([1, 2, 3]); ([5, -2]); ([4, 9, 7])
def $f($l1: list[int]) -> int:
    $o1 = $l1[0]
    for $i1 in $l1:
        if $i1 > $o1:
            $o1 = $i1
    return $o1

min_of_list, find_min, find_smallest
Return the smallest number of a list.
([3, 2, 1]); ([5, -2]); ([4, 9, 7])
def $f($l1: list[int]) -> int:
    $o1 = $l1[0]
    for $i1 in $l1:
        if $i1 < $o1:
            $o1 = $i1
    return $o1

largest, list_max, highest, get_largest
Return the largest number of a list.
([1, 2, 3]); ([5, -2]); ([4, 9, 7])
def $f($l1: list[int]) -> int:
    return max($l1)

smallest, list_min, lowest, get_smallest
Return the smallest number of a list.
([3, 2, 1]); ([5, -2]); ([4, 9, 7])
def $f($l1: list[int]) -> int:
    return min($l1)

spread, range_of, max_minus_min
Return the biggest minus the smallest.
([1, 2, 3]); ([5, -2])
def $f($l1: list[int]) -> int:
    return max($l1) - min($l1)

count_items, size, length, how_many, number_of
Count the items of a list.
([1, 2, 3]); ([5, -2]); ([])
def $f($l1: list) -> int:
    return len($l1)

count_all, count_loop, count_elements
Count the items of a list.
([1, 2, 3]); ([5, -2]); ([])
def $f($l1: list) -> int:
    $o1 = 0
    for $i1 in $l1:
        $o1 += 1
    return $o1

first, first_item, get_first, head
Return the first item.
([1, 2, 3]); ([5, -2])
def $f($l1: list[int]) -> int:
    return $l1[0]

last, last_item, get_last, final_item
Return the last item.
([1, 2, 3]); ([5, -2])
def $f($l1: list[int]) -> int:
    return $l1[-1]

second, second_item, get_second
Return the second item.
([1, 2, 3]); ([5, -2])
def $f($l1: list[int]) -> int:
    return $l1[1]

first_or_none, safe_first, first_if_any
Return the first item, or None.
([1, 2, 3]); ([])
def $f($l1: list[int]):
    if not $l1:
        return None
    return $l1[0]

item_at, get_item, pick, element_at | n1=index i position
Return the item at a position.
([1, 2, 3], 1); ([5, -2], 0)
def $f($l1: list[int], $n1: int) -> int:
    return $l1[$n1]

contains, has_item, is_in, includes
Return True if the list has the value.
([1, 2, 3], 2); ([5, -2], 7)
def $f($l1: list[int], $n1: int) -> bool:
    return $n1 in $l1

contains_loop, search, has_value, linear_search
Return True if the list has the value.
([1, 2, 3], 2); ([5, -2], 7)
def $f($l1: list[int], $n1: int) -> bool:
    for $i1 in $l1:
        if $i1 == $n1:
            return True
    return False

count_value, count_of, count_equal, occurrences
Count how often a value occurs.
([1, 2, 2], 2); ([5, -2], 7)
def $f($l1: list[int], $n1: int) -> int:
    $o1 = 0
    for $i1 in $l1:
        if $i1 == $n1:
            $o1 += 1
    return $o1

find_index, index_of, position_of, find
Return the index of a value, or -1.
([1, 2, 3], 2); ([5, -2], 7)
def $f($l1: list[int], $n1: int) -> int:
    for $e1, $i1 in enumerate($l1):
        if $i1 == $n1:
            return $e1
    return -1

reverse_list, reverse, reversed_list, backwards
Return the list in reverse order.
([1, 2, 3]); ([5, -2])
def $f($l1: list) -> list:
    return $l1[::-1]

sort, sort_list, sorted_list, ascending, in_order
Sort the list.
([3, 1, 2]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    return sorted($l1)

sort_down, descending, sort_descending, sort_reverse
Sort the list, biggest first.
([3, 1, 2]); ([-2, 5])
def $f($l1: list[int]) -> list[int]:
    return sorted($l1, reverse=True)

filter_even, even_numbers, only_even, keep_even
Return the even numbers.
([1, 2, 3, 4]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    $o1 = []
    for $i1 in $l1:
        if $i1 % 2 == 0:
            $o1.append($i1)
    return $o1

evens, get_evens, even_items
Return the even numbers.
([1, 2, 3, 4]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    return [$c1 for $c1 in $l1 if $c1 % 2 == 0]

odds, get_odds, odd_items, only_odd
Return the odd numbers.
([1, 2, 3, 4]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    return [$c1 for $c1 in $l1 if $c1 % 2 == 1]

positives, only_positive, keep_positive
Return the positive numbers.
([1, -2, 3, 0]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    return [$c1 for $c1 in $l1 if $c1 > 0]

filter_positive, positive_numbers, get_positive
Return the positive numbers.
([1, -2, 3, 0]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    $o1 = []
    for $i1 in $l1:
        if $i1 > 0:
            $o1.append($i1)
    return $o1

filter_above, above, bigger_than, greater_items | n1=limit threshold minimum
Return the numbers above a limit.
([1, 2, 3, 4], 2); ([5, -2], 0)
def $f($l1: list[int], $n1: int) -> list[int]:
    return [$c1 for $c1 in $l1 if $c1 > $n1]

filter_below, below, less_items | n1=limit threshold maximum
Return the numbers below a limit.
([1, 2, 3, 4], 3); ([5, -2], 0)
def $f($l1: list[int], $n1: int) -> list[int]:
    return [$c1 for $c1 in $l1 if $c1 < $n1]

without, remove_value, remove_all, drop_value
Return the list without a value.
([1, 2, 3, 2], 2); ([5, -2], 7)
def $f($l1: list[int], $n1: int) -> list[int]:
    return [$c1 for $c1 in $l1 if $c1 != $n1]

double_all, doubles, double_items, double_list
Double every number.
([1, 2, 3]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    return [$c1 * 2 for $c1 in $l1]

square_all, squares_of, square_items
Square every number.
([1, 2, 3]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    $o1 = []
    for $i1 in $l1:
        $o1.append($i1 * $i1)
    return $o1

squares, square_list, squared_items
Square every number.
([1, 2, 3]); ([5, -2])
def $f($l1: list[int]) -> list[int]:
    return [$c1 * $c1 for $c1 in $l1]

add_to_all, increase_all, add_to_each | n1=amount step value
Add a number to every item.
([1, 2, 3], 4); ([5, -2], 1)
def $f($l1: list[int], $n1: int) -> list[int]:
    return [$c1 + $n1 for $c1 in $l1]

scale_all, multiply_each, scale_list | n1=factor scale rate
Multiply every item by a factor.
([1, 2, 3], 4); ([5, -2], 3)
def $f($l1: list[int], $n1: int) -> list[int]:
    return [$c1 * $n1 for $c1 in $l1]

scale_loop, multiply_list, times_all | n1=factor scale rate
Multiply every item by a factor.
([1, 2, 3], 4); ([5, -2], 3)
def $f($l1: list[int], $n1: int) -> list[int]:
    $o1 = []
    for $i1 in $l1:
        $o1.append($i1 * $n1)
    return $o1

copy_list, copy, copy_items
Return a copy of the list.
([1, 2, 3]); ([5, -2])
def $f($l1: list) -> list:
    $o1 = []
    for $i1 in $l1:
        $o1.append($i1)
    return $o1

unique, remove_duplicates, distinct, no_repeats
Return each item once.
([1, 2, 2, 3, 1]); ([5, -2])
def $f($l1: list) -> list:
    $o1 = []
    for $i1 in $l1:
        if $i1 not in $o1:
            $o1.append($i1)
    return $o1

has_duplicates, has_repeats, any_twice
Return True if an item occurs twice.
([1, 2, 2]); ([5, -2])
def $f($l1: list) -> bool:
    return len($l1) != len(set($l1))
"""
