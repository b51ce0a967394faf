#!/usr/bin/env python3
"""The price-responsive PI of the thesis (equations 5.1 to 5.3, table 7.4), from outside Nabolag.

Every five minutes: read a room, its wish and the prices, work out a set-point, and command it when something changes.
Needs Python 3.8 and nothing else; the README beside this file tells how to start it.
"""
import argparse
import json
import math
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone

# Table 7.4, then what the thesis leaves open. The names are those of Nabolag's own controller.
TABLE = {
    "gamma": 0.7, "priceGain": 0.1, "integralGain": 1 / 24, "proportionalGain": 1, "alpha": 0.1,
    "vat": 1.25, "hysteresis": 0.5, "minutesBetween": 15, "restWithin": 0.5,
}
FRESH = 30 * 60  # s; an older reading says nothing about now
LOWEST, HIGHEST = 10, 26  # °C; never outside of these, whatever the unit and its owner allow
# What a turn leaves for the next one.
KEPT = {"at", "error", "integral", "carry", "measuredAt", "held", "heldSince"}
FINAL = ("applied", "confirmed", "refused", "expired", "failed")


# The law: functions without clock or network. Times are seconds since 1970, so no day is too short or too long.

def price_term(prices, now, s):
    """Equations 5.1 and 5.2, K. `prices`: (start, end, NOK/kWh without VAT) of hours, spot and grid tariff together."""
    run = []  # from the present hour on, as far as one follows the other
    for start, end, price in sorted(prices):
        if end > now and (start == run[-1][1] if run else start <= now):
            run.append((start, end, price))
    ahead = run[1:]  # k = 1 is the next hour
    if not ahead:
        return 0.0
    weights = [s["gamma"] ** k for k in range(len(ahead))]
    mean = sum(w * s["vat"] * price for w, (_, _, price) in zip(weights, ahead)) / sum(weights)
    return -s["priceGain"] * mean


def decide(seen, s, before=None):
    """Equation 5.3, then a step of the unit. Returns u, the set-point (both °C), and what the next turn must know."""
    now, held = seen["now"], seen["held"]
    reference = seen["wish"] + price_term(seen["prices"], now, s)
    error = seen["room"] - reference  # 5.3a
    if before is None:
        before = {"at": now, "error": 0.0, "integral": 0.0, "carry": 0.0}
    elif not 0 < now - before["at"] <= 1800:  # after a gap an old error says nothing
        before = {**before, "error": error}
    rests = held is not None and abs(error) < s["restWithin"] and nearest(held, seen) == held
    integral = before["integral"]
    if seen["on"] is not None and not rests:  # 5.3b; it stands while nobody knows whether the unit is on
        integral += (1 + s["alpha"]) * error * (1 if seen["on"] else 0) - s["alpha"] * before["error"]
    u = reference - s["integralGain"] * integral - s["proportionalGain"] * error  # 5.3c
    hours = min(max((now - before["at"]) / 3600, 0.0), 0.5)
    setpoint, carry = (held, 0.0) if rests else whole_step(u, before["carry"], hours, seen, s)
    return u, setpoint, {"at": now, "error": error, "integral": integral, "carry": carry}


def nearest(wanted, seen):
    """The nearest step that the unit takes."""
    lowest, highest, step = seen["lowest"], seen["highest"], seen["step"]
    steps = min(max(math.floor(wanted / step + 0.5), math.ceil(lowest / step)), math.floor(highest / step))
    return steps * step


def whole_step(u, carry, hours, seen, s):
    """Rounds with error feedback: what rounding leaves is carried on until it is worth a step, so that the mean is u."""
    held, step = seen["held"], seen["step"]
    within = min(max(u, seen["lowest"]), seen["highest"])
    if held is None:
        return nearest(within, seen), 0.0
    carry = min(max(carry + (within - held) * hours, -step), step)
    is_soon = seen["now"] - seen["heldSince"] < s["minutesBetween"] * 60
    if is_soon or abs(within + carry - held) < step / 2 + s["hysteresis"] - 1e-9:
        return held, carry
    between = min(max(within + carry, math.floor(within / step) * step), math.ceil(within / step) * step)
    return nearest(between, seen), carry


# Nabolag

class Failed(Exception):
    """No success: the HTTP status (0 without an answer), and how long the server wants us to wait, s."""

    def __init__(self, text, status=0, wait=0):
        super().__init__(text)
        self.status, self.wait = status, wait


def ask(path, body=None):
    """GET, or POST where there is a body. What is wrong, and who can mend it, stands in every refusal."""
    headers = {"Authorization": f"Bearer {os.environ['TOKEN'].strip()}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["NABOLAG_URL"].rstrip("/") + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        wait = error.headers.get("Retry-After", "")
        try:
            problem = json.load(error)
            text = f"{error.code} {problem.get('detail', problem['title'])} ({problem['who']} can mend it)"
        except (ValueError, KeyError):
            text = str(error)
        raise Failed(text, error.code, int(wait) if wait.isdigit() else 0) from None
    except (OSError, ValueError) as error:
        raise Failed(f"no answer: {error}") from None


def seconds(iso):
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


def iso(when):
    return datetime.fromtimestamp(when, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def look(house, room_id, now):
    """All that a turn needs. Everything is read anew, so that what the owner changes on the page holds at once."""
    room = ask(f"{house}/rooms/{room_id}")
    if "actuator" not in room or not room["sensors"]:
        sys.exit(f"{room['name']} needs a thermometer and a heat pump: the page Heating, or nabolag rooms change "
                 f"{house.split('/')[-1]} {room_id} --actuator sensibo-sky/0:PLACE --sensor mill-sense/0:PLACE")
    actuator, newest = room["actuator"], room["sensors"][0].get("newest")
    device = f"{house}/devices/{actuator['device']}/count/{actuator['count']}"
    which = {"device": actuator["device"], "count": actuator["count"], "location": actuator["location"]}
    words = ask(f"{house}/newest?" + urllib.parse.urlencode({name: value for name, value in which.items() if value != ""}))
    unit = {one["field"]: one["value"] for one in words["newest"] if now - seconds(one["time"]) < FRESH}
    known = [one["verbs"]["setTargetTemperature"]["temperature"] for one in ask(f"{device}/actuators")["actuators"]
             if (one["location"], one["capability"]) == (actuator["location"], actuator["capability"])]
    bound = known[0] if known else {}
    takes = sorted(bound.get("values", []))  # units that name the degrees they take
    loop = next((one for one in ask(f"{house}/control")["loops"] if one["id"] == room.get("loop")), {})
    own, limits = loop.get("settings", {}), loop.get("limits", {})
    if loop.get("controller") != "price-responsive-pi":
        own = {}
    # Hours that are published; those that Nabolag fills in are marked, and are not for the law.
    prices = [(seconds(one["start"]), seconds(one["end"]),
               one["parts"]["spot"]["withoutVat"] + one["parts"]["gridEnergy"]["withoutVat"])
              for one in ask(f"{house}/prices?minutes=60")["intervals"] if not one["estimated"]]
    # The law does not need it, yours may. `asOf`: what was known then, so that the past can be tried without its future.
    forecast = ask(f"{house}/forecast?hours=6&asOf={iso(now)}")
    return {
        "now": now, "name": room["name"], "device": device, "actuator": actuator, "prices": prices,
        "room": newest and newest["temperature"], "measuredAt": seconds(newest["time"]) if newest else 0,
        "wish": room["wish"]["temperature"], "held": unit.get("targetTemperature"), "mode": loop.get("mode", "none"),
        # What is on and draws nothing was paused by its own thermostat.
        "on": unit["on"] and unit.get("power", 40) >= 40 if "on" in unit else None,
        "heats": unit.get("on") is not False and unit.get("mode", "heat") in ("heat", "auto"),
        "lowest": max(LOWEST, bound.get("minimum", LOWEST), limits.get("lowest", LOWEST), *takes[:1]),
        "highest": min(HIGHEST, bound.get("maximum", HIGHEST), limits.get("highest", HIGHEST), *takes[-1:]),
        "step": bound.get("step", 1), "outdoors": forecast[0]["temperature"] if forecast else None,
        "settings": {name: own.get(name, value) for name, value in TABLE.items()},
    }


def turn(house, room_id, memory, dry_run):
    """Looks, decides, commands, and says so in one line. Returns what the next turn must know."""
    now = time.time()
    seen = look(house, room_id, now)
    room, age = seen["room"], now - seen["measuredAt"]
    is_known = isinstance(room, (int, float)) and -30 <= room <= 45 and -300 <= age <= FRESH
    if not is_known or (memory and seen["measuredAt"] <= memory["measuredAt"]):
        say(f"{seen['name']}: nothing is sent, for there is no new reading (the last: {room} °C, {age / 60:.0f} min old)")
        return memory
    is_same = memory is not None and memory["held"] == seen["held"]
    seen["heldSince"] = memory["heldSince"] if is_same else now if memory else 0  # someone else may have moved it
    u, setpoint, after = decide(seen, seen["settings"], memory)
    after.update(measuredAt=seen["measuredAt"], held=seen["held"], heldSince=seen["heldSince"])
    term = price_term(seen["prices"], now, seen["settings"])
    line = (f"{seen['name']} {room:.1f} °C, wish {seen['wish']:g}, price term {term:+.2f} K, "
            f"outdoors {seen['outdoors']} °C: u {u:.2f}, set-point {setpoint:g} (it has {seen['held']})")
    if setpoint == seen["held"]:
        say(f"{line}; nothing changes")
    elif seen["mode"] == "control":
        say(f"{line}; nothing is sent, for Nabolag controls this room: choose observe or advise there")
    elif not seen["heats"]:
        say(f"{line}; nothing is sent, for the unit is off or does not heat")
    elif dry_run:
        say(f"{line}; nothing is sent, for this is a dry run")
    else:
        after.update(held=setpoint, heldSince=now)
        say(f"{line}; {command(seen, setpoint)}")
    return after


def command(seen, setpoint, patience=60):
    """Commands the unit and waits for what comes of it. The server checks every bound once more."""
    arguments = {"temperature": setpoint, "location": seen["actuator"]["location"]}
    body = {"capability": seen["actuator"]["capability"], "verb": "setTargetTemperature", "validFor": 240,
            "arguments": {name: value for name, value in arguments.items() if value != ""}}
    asked, end = ask(f"{seen['device']}/commands", body), time.monotonic() + patience
    while asked["state"] not in FINAL and time.monotonic() < end:
        time.sleep(2)
        asked = ask(f"{seen['device']}/commands/{asked['id']}")
    return asked["state"] + (f": {asked['reason']}" if asked["reason"] else "")


def say(text):
    print(iso(time.time()), text, flush=True)


def keep(memory, path):
    """Written beside and put in place, so that a power cut leaves the old one or the new one."""
    try:
        with open(path + ".new", "w") as file:
            json.dump(memory, file)
        os.replace(path + ".new", path)
    except OSError as error:
        say(f"the integrator would not survive a restart: {error}")


def main():
    parser = argparse.ArgumentParser(description="The thesis's price-responsive PI for one room, from outside Nabolag.")
    parser.add_argument("house", type=int)
    parser.add_argument("room", type=int, help="its number: GET /api/houses/HOUSE/rooms")
    parser.add_argument("--every", type=float, default=300, help="seconds between two turns (300)")
    parser.add_argument("--once", action="store_true", help="one turn; ends with 0 when it went well")
    parser.add_argument("--dry-run", action="store_true", help="send nothing")
    parser.add_argument("--state", help="file that keeps the integrator over restarts")
    given = parser.parse_args()
    missing = [name for name in ("NABOLAG_URL", "TOKEN") if not os.environ.get(name)]
    if missing:
        sys.exit(f"Not set: {', '.join(missing)}")
    if not os.environ["NABOLAG_URL"].startswith(("http://", "https://")):
        sys.exit("NABOLAG_URL must begin with http:// or https://, as http://127.0.0.1:8080")
    house, memory, tries = f"/api/houses/{given.house}", None, 0
    if given.state and os.path.exists(given.state):
        try:
            with open(given.state) as file:
                memory = json.load(file)
            if memory is not None and not KEPT <= set(memory):
                raise ValueError("it is not the state of this program")
        except (OSError, ValueError, TypeError) as error:
            sys.exit(f"{given.state} cannot be read ({error}): mend it, or remove it to begin anew")
    while True:
        try:
            memory, tries, wait = turn(house, given.room, memory, given.dry_run), 0, given.every
            if given.state and not given.dry_run:
                keep(memory, given.state)
        except Failed as error:
            tries += 1
            # A token that is refused does not get better by asking; all else passes, so ask again, less and less often.
            wait = 3600 if error.status in (401, 403) else max(error.wait, min(900, 15 * 2 ** min(tries, 6)))
            wait *= 1 + random.random() / 4
            say(f"{error}" if given.once else f"{error}; again in {wait:.0f} s")
        if given.once:
            sys.exit(1 if tries else 0)
        time.sleep(wait)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
