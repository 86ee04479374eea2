"""The time of a combined line, from its bytes; C types are in stamps.pxd, see `scan`."""

from __future__ import annotations


class Stamps:
    """Reads `05/Oct/2026:08:00:06 +0200`."""

    def __init__(self):
        self._months = bytearray(b"JanFebMarAprMayJunJulAugSepOctNovDec")

    def seconds(self, data, i):
        """Unix seconds of the 26 bytes from here on; -1 if that is no time of 1970 or later."""
        month = 0
        while month < 12 and (
            data[i + 3] != self._months[3 * month]
            or data[i + 4] != self._months[3 * month + 1]
            or data[i + 5] != self._months[3 * month + 2]
        ):
            month += 1
        if data[i + 2] != 47 or data[i + 6] != 47 or data[i + 11] != 58 or data[i + 14] != 58 or data[i + 17] != 58:
            return -1
        if data[i + 20] != 32 or (data[i + 21] != 43 and data[i + 21] != 45):
            return -1
        day, century, rest = _two(data, i), _two(data, i + 7), _two(data, i + 9)
        year = 100 * century + rest
        hour, minute, second = _two(data, i + 12), _two(data, i + 15), _two(data, i + 18)
        hours, minutes = _two(data, i + 22), _two(data, i + 24)
        if month == 12 or century < 19 or rest < 0 or day < 1 or day > _days(month, year):
            return -1
        if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
            return -1
        if hours < 0 or hours > 14 or minutes < 0 or minutes > 59:
            return -1
        # Days since 1970 of a year that begins in March (Hinnant, chrono-compatible low-level date algorithms).
        years = year - (month < 2)
        days = years * 365 + years // 4 - years // 100 + years // 400
        days += (153 * ((month + 10) % 12) + 2) // 5 + day - 1 - 719468
        east = 3600 * hours + 60 * minutes
        time = days * 86400 + hour * 3600 + minute * 60 + second + (east if data[i + 21] == 45 else -east)
        return time if time >= 0 else -1


def _two(data, i):
    """A number of two digits, -1 if it is none."""
    if data[i] < 48 or data[i] > 57 or data[i + 1] < 48 or data[i + 1] > 57:
        return -1
    return 10 * data[i] + data[i + 1] - 528


def _days(month, year):
    """Days of a month, from 0."""
    if month == 1:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 3 or month == 5 or month == 8 or month == 10 else 31
