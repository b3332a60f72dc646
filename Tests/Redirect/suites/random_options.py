"""Whatever options are valid give rules that load, that stay when loaded again, and that leave nothing behind.

A seed decides them all; AMESH_SEED names another one, to see a failure again or to look further.
"""

import ipaddress
import os
import random
import unittest

from kernel.golden import words
from kernel.namespace import BACKENDS, Namespace

SEED = int(os.environ.get("AMESH_SEED", "20261128"))
ROUNDS = int(os.environ.get("AMESH_ROUNDS", "60"))
EDGES = [1, 2, 22, 80, 1023, 8080, 15019, 15020, 15022, 19079, 19080, 19081, 19443, 65534, 65535]


def port(chance):
    return chance.choice(EDGES) if chance.random() < 0.4 else chance.randint(1, 65535)


def ports(chance, longest):
    chosen = []
    for _ in range(chance.choice([0, 1, 2, 5, longest])):
        first = port(chance)
        last = min(65535, first + chance.choice([0, 1, 3, 500])) if chance.random() < 0.3 else first
        chosen.append(str(first) if first == last else f"{first}-{last}")
    return ",".join(chosen)


def port_set(chance):
    return "*" if chance.random() < 0.2 else ports(chance, 40)


def network(chance):
    width = chance.choice([32, 128])
    # Near each other, so that they touch and overlap; some anywhere, and at both ends.
    base = chance.choice([0, 10 << (width - 8), (1 << width) - 1, 0xFFFF << 32 if width == 128 else 0, chance.getrandbits(width)])
    address = (base ^ chance.getrandbits(chance.choice([1, 3, 20, 32]))) & ((1 << width) - 1)
    kind = ipaddress.IPv4Address if width == 32 else ipaddress.IPv6Address
    return f"{kind(address)}/{chance.choice([0, 1, 8, width - 3, width - 1, width, width, chance.randint(0, width)])}"


def listed(chance, one, longest):
    return ",".join(one(chance) for _ in range(chance.choice([0, 1, 2, longest])))


def interface(chance):
    letters = "abcXYZ019._-@"
    # A dot alone, or two, are no names.
    name = chance.choice("abz0_@") + "".join(chance.choice(letters) for _ in range(chance.randint(1, 12)))
    return name + chance.choice(["", "", "+"])


def user(chance):
    return str(chance.choice([0, 1, 1337, 4294967294, chance.getrandbits(16), chance.randint(0, 4294967294)]))


def options(chance):
    # Apart from each other and from those that are left to their defaults.
    own = chance.sample([number for number in range(2, 65000) if number not in (15020, 15021, 19080, 19081, 19443)], 4)
    chosen = {
        "inbound-ports": port_set(chance),
        "outbound-ports": port_set(chance),
        "exclude-inbound-ports": ports(chance, 40),
        "exclude-outbound-ports": ports(chance, 40),
        "include-outbound-cidrs": listed(chance, network, 30),
        "exclude-outbound-cidrs": listed(chance, network, 30),
        "exclude-interfaces": listed(chance, interface, 6),
        "exclude-uids": listed(chance, user, 30),
        "exclude-gids": listed(chance, user, 30),
        "proxy-uid": str(chance.choice([1, 1337, 4294967294])),
        "proxy-gid": str(chance.choice([1, 1337, 4294967294])),
        "outbound-port": str(own[0]),
        "inbound-port": str(own[1]),
        "mtls-port": str(own[2]),
        "own-ports": chance.choice(["", str(own[3])]),
        "drop-invalid": chance.random() < 0.3,
    }
    return {flag: value for flag, value in chosen.items() if value is not False and chance.random() < 0.7}


class RandomOptions(unittest.TestCase):
    longMessage = True

    def test_options(self):
        """any valid options give rules that load, stay the same, take each other's place and clean up to nothing"""
        chance = random.Random(SEED)
        for backend in BACKENDS:
            namespace = Namespace()
            self.addCleanup(namespace.remove)
            namespace.add_address("fd00::1/64", "lo")
            before = namespace.everything()
            kinds = set()
            for number in range(ROUNDS):
                flags = ["--backend", backend, *words(options(chance))]
                with self.subTest(backend=backend, seed=SEED, round=number, flags=" ".join(flags)):
                    first = namespace.report(*flags)
                    loaded = namespace.everything()
                    again = namespace.report(*flags)
                    self.assertLessEqual({step["action"] for step in again["steps"]}, {"unchanged", "absent"})
                    self.assertEqual(namespace.everything(), loaded)
                    kinds |= {step["action"] for step in first["steps"]}
                    if number % 5 == 4:
                        namespace.redirect("--cleanup")
                        self.assertEqual(namespace.everything(), before)
            self.assertLessEqual({"created", "replaced"}, kinds)
