"""A device that publishes by itself: measures every SAMPLING_TIME seconds and hands it to Nabolag over MQTT.

Put your own device's code into measure(); the rest may stay as it is. Settings are environment variables:

HOUSE_ID        number of the house
SAMPLING_TIME   seconds between two measurements
MQTT_URL        the broker, mqtt://host:port or mqtts://host:port     \
MQTT_USERNAME   the account of this device                            | as the answer of adding
MQTT_PASSWORD   its password                                          | the device says them
MQTT_TOPIC      where it may publish: sensors/<name>/<house>/<count>  /

Ends with 0 when it is stopped, 2 when a setting is missing, 3 when the broker refuses the account.
"""

import json
import math
import os
import signal
import sys
import threading
import time
from datetime import datetime, timezone
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

REFUSED = {4, 5, 134, 135}  # "bad user name or password" and "not authorised", of MQTT 3.1.1 and 5
LAST_WORDS = 10  # seconds that may pass at the end until everything is acknowledged


def measure():
    """What the device measures now. Fields and units: docs/reference/measurements.md.

    A value that was not measured is left out: it is not zero. Raise when the device does not answer.
    """
    hour = time.time() / 3600
    return {
        "measurement": "airSensor",
        "location": "Kitchen",
        "fields": {
            "temperature": round(21 + math.sin(hour), 2),
            "humidity": round(40 + 5 * math.cos(hour), 1),
        },
    }


def read_settings():
    names = ["HOUSE_ID", "SAMPLING_TIME", "MQTT_URL", "MQTT_USERNAME", "MQTT_PASSWORD", "MQTT_TOPIC"]
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        say(f"Not set: {', '.join(missing)}")
        sys.exit(2)
    return {name: os.environ[name] for name in names}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Publisher:
    """Hands samples to the broker at QoS 1, over every loss of the connection."""

    def __init__(self, settings):
        self.settings = settings
        self.refused = threading.Event()
        self.stopped = threading.Event()
        self.acknowledged = threading.Condition()
        self.waiting = set()
        self.early = set()
        # Version 2 of the library asks which form of callbacks is meant; version 1 knows one.
        version = getattr(mqtt, "CallbackAPIVersion", None)
        self.client = mqtt.Client(version.VERSION2) if version else mqtt.Client()
        self.client.username_pw_set(settings["MQTT_USERNAME"], settings["MQTT_PASSWORD"])
        self.client.max_queued_messages_set(10_000)  # while the broker is away
        self.client.reconnect_delay_set(1, 60)
        self.client.on_connect = self.on_connect
        self.client.on_publish = self.on_publish
        address = urlsplit(settings["MQTT_URL"])
        if address.scheme == "mqtts":
            self.client.tls_set()
        self.client.connect_async(address.hostname, address.port or (8883 if address.scheme == "mqtts" else 1883))
        self.client.loop_start()

    def on_connect(self, _client, _userdata, _flags, code, _properties=None):
        number = getattr(code, "value", code)
        if number == 0:
            say("Connected")
        elif number in REFUSED:
            self.refused.set()
            self.stopped.set()
        else:
            say(f"The broker does not take us now ({code}); trying again")

    def on_publish(self, _client, _userdata, message, *_more):
        with self.acknowledged:
            if message in self.waiting:
                self.waiting.discard(message)
            else:
                self.early.add(message)
            self.acknowledged.notify_all()

    def publish(self, sample):
        _root, name, _house, count = (self.settings["MQTT_TOPIC"].split("/") + ["0"])[:4]
        tags = {"house_id": self.settings["HOUSE_ID"], "device_name": name}
        if count != "0":
            tags["count"] = count
        if sample.get("location"):
            tags["location"] = sample["location"]
        message = {
            "measurement": sample["measurement"],
            "tags": tags,
            "fields": sample["fields"],
            # With its own time: sent again after a broken connection it is stored once.
            "time": datetime.now(timezone.utc).isoformat(),
        }
        sent = self.client.publish(self.settings["MQTT_TOPIC"], json.dumps(message), qos=1)
        if sent.rc == mqtt.MQTT_ERR_QUEUE_SIZE:
            say("The broker is away for long: this sample is lost")
            return
        with self.acknowledged:
            if sent.mid in self.early:
                self.early.discard(sent.mid)
            else:
                self.waiting.add(sent.mid)

    def close(self):
        """Waits until the broker has acknowledged everything: then it is kept, whatever happens next."""
        with self.acknowledged:
            done = self.refused.is_set() or self.acknowledged.wait_for(lambda: not self.waiting, LAST_WORDS)
        self.client.disconnect()
        self.client.loop_stop()
        return done


def main():
    settings = read_settings()
    every = float(settings["SAMPLING_TIME"])
    publisher = Publisher(settings)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: publisher.stopped.set())
    begin = time.monotonic()
    turn = 0
    while not publisher.stopped.is_set():
        try:
            publisher.publish(measure())
        except Exception as error:  # the device is away: nothing is published, and its state becomes "stale"
            say(f"Not measured: {error}")
        turn = max(turn + 1, int((time.monotonic() - begin) / every))
        publisher.stopped.wait(begin + turn * every - time.monotonic())
    done = publisher.close()
    if publisher.refused.is_set():
        say("The broker refuses MQTT_USERNAME or MQTT_PASSWORD. Ask for a new password where the device was added")
        sys.exit(3)
    if not done:
        say(f"{len(publisher.waiting)} samples were not acknowledged")
        sys.exit(1)
    say("Stopped; everything is acknowledged")


if __name__ == "__main__":
    main()
