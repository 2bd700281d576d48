"""How many connections there may be, and who gives way."""

import math

import pytest

from paddock.server.config import ConnectionConfig
from paddock.server.connections import Connections


class Connection:
    """A connection that notes what is done to it."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.deadline = self.write_deadline = math.inf
        self.waiting_since = 0.0
        self.done: list[str] = []

    def end_wait(self, now: float) -> None:
        self.done.append("end_wait")

    def end_write(self, now: float) -> None:
        self.done.append("end_write")

    def give_way(self, now: float) -> None:
        self.done.append("give_way")
        self.connections.leave(self)

    def cut_off(self) -> None:
        self.done.append("cut_off")


CONFIG = ConnectionConfig(spared_seconds=1, sweep_seconds=1, max_refusals=2)


def crowd(count: int, most: int, now: float = 0) -> tuple[Connections, list[Connection]]:
    """Return connections that wait for a request, as many as are admitted."""
    connections = Connections(CONFIG, most)
    admitted = []
    for _ in range(count):
        connection = Connection(connections)
        if connections.admit(connection, now):
            connections.wait(connection, now)
            admitted.append(connection)
    return connections, admitted


def test_no_more_are_admitted_than_there_may_be() -> None:
    connections, admitted = crowd(5, most=3)
    assert len(admitted) == len(connections) == 3
    connections.remove(admitted[0])
    assert connections.admit(Connection(connections), 0)
    assert len(connections) == 3


def test_the_one_that_has_waited_longest_gives_way_to_a_new_one() -> None:
    connections, admitted = crowd(3, most=3)
    connections.stop_waiting(admitted[0])
    assert not connections.admit(Connection(connections), 0.5)
    assert connections.admit(Connection(connections), 1.5)
    assert [one.done for one in admitted] == [[], ["give_way"], []]
    assert len(connections) == 3


def test_nobody_gives_way_while_all_have_requests() -> None:
    connections, admitted = crowd(3, most=3)
    for one in admitted:
        connections.stop_waiting(one)
    assert not connections.admit(Connection(connections), 100)
    connections.wait(admitted[2], 100)
    connections.wait(admitted[1], 100)
    assert connections.admit(Connection(connections), 102)
    assert admitted[2].done == ["give_way"]


def test_those_that_leave_are_cut_off_if_there_are_too_many() -> None:
    connections, _ = crowd(0, most=100)
    leaving = [Connection(connections) for _ in range(4)]
    for one in leaving:
        connections.leave(one)
    assert [one.done for one in leaving] == [["cut_off"], ["cut_off"], [], []]


def test_what_has_taken_too_long_is_ended_wherever_it_is() -> None:
    connections, (served, late, unread) = crowd(3, most=3)
    leaving = Connection(connections)
    connections.leave(leaving)
    late.deadline = unread.write_deadline = leaving.deadline = 5
    connections.sweep(4.9)
    connections.sweep(5.5)
    assert late.done == []  # it has just looked
    connections.sweep(6)
    assert (served.done, late.done, unread.done, leaving.done) == ([], ["end_wait"], ["end_write"], ["end_wait"])


def test_a_crowd_is_logged_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    crowd(50, most=3)
    assert [record.message for record in caplog.records] == ["there are 3 connections, as many as the server may have"]
