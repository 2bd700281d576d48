"""Families of small functions on dicts and of small classes, written as in `fim_functions`."""

DICTS = """
get_value, lookup, value_of, look_up | s1=key name
Return the value of a key.
({"a": 1, "b": 2}, "b"); ({"x": 5}, "x")
def $f($d1: dict[str, int], $s1: str) -> int:
    return $d1[$s1]

get_or_default, get_or, value_or | s1=key name; n1=default fallback
Return the value of a key, or a default.
({"a": 1, "b": 2}, "b", 9); ({"x": 5}, "y", 7)
def $f($d1: dict[str, int], $s1: str, $n1: int) -> int:
    return $d1.get($s1, $n1)

get_or_zero, value_or_zero, count_for | s1=key name
Return the value of a key, or 0.
({"a": 1, "b": 2}, "b"); ({"x": 5}, "y")
def $f($d1: dict[str, int], $s1: str) -> int:
    return $d1.get($s1, 0)

has_key, key_exists, knows_key | s1=key name
Return True if the key is there.
({"a": 1, "b": 2}, "b"); ({"x": 5}, "y")
def $f($d1: dict[str, int], $s1: str) -> bool:
    return $s1 in $d1

keys_of, all_keys, list_keys
Return the keys.
({"a": 1, "b": 2}); ({"x": 5})
def $f($d1: dict[str, int]) -> list[str]:
    return list($d1.keys())

values_of, all_values, list_values
Return the values.
({"a": 1, "b": 2}); ({"x": 5})
def $f($d1: dict[str, int]) -> list[int]:
    return list($d1.values())

sum_of_values, total_values, sum_dict
Add the values.
({"a": 1, "b": 2}); ({"x": 5})
def $f($d1: dict[str, int]) -> int:
    return sum($d1.values())

set_value, put, store, set_key | s1=key name; n1=value number
Store a value and return the dict.
({"a": 1, "b": 2}, "b", 4); ({"x": 5}, "y", 6)
def $f($d1: dict[str, int], $s1: str, $n1: int) -> dict[str, int]:
    $d1[$s1] = $n1
    return $d1

count_each, frequencies, tally, counts_of
Count each item.
(["a", "b", "a"]); ([])
def $f($l1: list[str]) -> dict[str, int]:
    $d1 = {}
    for $i1 in $l1:
        $d1[$i1] = $d1.get($i1, 0) + 1
    return $d1

invert_dict, swap_keys, flip_dict
Swap keys and values.
({"a": 1, "b": 2}); ({"x": 5})
def $f($d1: dict[str, int]) -> dict[int, str]:
    return {$o2: $o1 for $o1, $o2 in $d1.items()}

make_dict, to_dict, dict_from, zip_dict
Make a dict of keys and values.
(["a", "b"], [1, 2]); (["x"], [5])
def $f($l1: list[str], $l2: list[int]) -> dict[str, int]:
    return dict(zip($l1, $l2))

make_person, make_record, person_dict, new_record
Make a dict of a person.
("Ann", 7); ("Joe", 30)
def $f($s1: str, $n1: int) -> dict:
    return {"$s1": $s1, "$n1": $n1}

merge, merge_dicts, combine_dicts
Merge two dicts.
({"a": 1}, {"b": 2}); ({"x": 5}, {"x": 6})
def $f($d1: dict[str, int], $d2: dict[str, int]) -> dict[str, int]:
    return {**$d1, **$d2}

square_dict, squares_by_number, map_to_squares
Map every number to its square.
([1, 2]); ([7])
def $f($l1: list[int]) -> dict[int, int]:
    return {$c1: $c1 * $c1 for $c1 in $l1}

length_dict, map_to_length, lengths_by_word
Map every word to its length.
(["a", "bc"]); (["Hiya"])
def $f($l1: list[str]) -> dict[str, int]:
    return {$c1: len($c1) for $c1 in $l1}

dict_lines, write_items, lines_of
Write a line for every key.
({"a": 1, "b": 2}); ({"x": 5})
def $f($d1: dict[str, int]) -> list[str]:
    $o1 = []
    for $s1, $n1 in $d1.items():
        $o1.append(f"{$s1}: {$n1}")
    return $o1

price_of_$w1, count_of_$w1, get_$w1
Return what is stored under $w1.
({"$w1": 4, "b": 2}); ({"$w1": 9})
def $f($d1: dict[str, int]) -> int:
    return $d1["$w1"]
"""

CLASSES = """
Point, Pair, Position, Vector | g1=x a left; g2=y b right; m1=total sum add sum_up
Two numbers.
$F(1, 2).$g1; $F(1, 2).$g2; $F(3, 4).$m1()
class $F:
    def __init__(self, $g1: int, $g2: int):
        self.$g1 = $g1
        self.$g2 = $g2
    def $m1(self) -> int:
        return self.$g1 + self.$g2

Person, User, Customer, Worker | g1=name title; g2=age size level; m1=describe text about summary
Someone with a name.
$F("Ann", 2).$g1; $F("Ann", 2).$g2; $F("Joe", 4).$m1()
class $F:
    def __init__(self, $g1: str, $g2: int):
        self.$g1 = $g1
        self.$g2 = $g2
    def $m1(self) -> str:
        return f"{self.$g1} is {self.$g2}"

Greeter, Friend, Robot, Host | g1=name title; m1=greet hello say_hello speak
Someone who says hello.
$F("Ann").$g1; $F("Joe").$m1()
class $F:
    def __init__(self, $g1: str):
        self.$g1 = $g1
    def $m1(self) -> str:
        return f"Hello, I am {self.$g1}!"

Counter, Clicker, Meter | g1=count total value; m1=increment click count_up tick
Counts up.
$F().$g1; $F().$m1(); $F().$m1() + 5
class $F:
    def __init__(self):
        self.$g1 = 0
    def $m1(self) -> int:
        self.$g1 += 1
        return self.$g1

Account, Wallet, Purse, Bank | g1=balance money amount; m1=deposit add put_in save; m2=withdraw take take_out spend
Holds money.
$F(5).$g1; $F(5).$m1(3); $F(5).$m2(2)
class $F:
    def __init__(self, $g1: int = 0):
        self.$g1 = $g1
    def $m1(self, $n1: int) -> int:
        self.$g1 += $n1
        return self.$g1
    def $m2(self, $n1: int) -> int:
        self.$g1 -= $n1
        return self.$g1

Rectangle, Room, Field, Box | g1=width w; g2=height h length; m1=area get_area surface size_of
A rectangle.
$F(2, 5).$g1; $F(2, 5).$g2; $F(3, 4).$m1()
class $F:
    def __init__(self, $g1: int, $g2: int):
        self.$g1 = $g1
        self.$g2 = $g2
    def $m1(self) -> int:
        return self.$g1 * self.$g2

Stack, Pile, Basket, Bag | g1=items things content; m1=push add put append; m2=size count length how_many
Holds items.
$F().$g1; $F().$m1(3); $F().$m2()
class $F:
    def __init__(self):
        self.$g1 = []
    def $m1(self, $i1):
        self.$g1.append($i1)
        return self.$g1
    def $m2(self) -> int:
        return len(self.$g1)

Animal, Dog, Cat, Pet | g1=name title; m1=speak talk say call
An animal.
$F("Rex").$g1; $F("Tom").$m1()
class $F:
    def __init__(self, $g1: str):
        self.$g1 = $g1
    def $m1(self) -> str:
        return self.$g1 + " says $w1"

Setting, Option, Value, Level | g1=value level size; m1=get read get_value current
Keeps a value.
$F(3).$m1(); $F(4).$g1
class $F:
    def __init__(self, $g1: int = $k1):
        self.$g1 = $g1
    def $m1(self) -> int:
        return self.$g1

Car, Train, Ship, Plane | g1=speed pace; m1=distance travel drive go_for
Moves.
$F(3).$g1; $F(3).$m1(4)
class $F:
    def __init__(self, $g1: int):
        self.$g1 = $g1
    def $m1(self, $n1: int) -> int:
        return self.$g1 * $n1
"""
