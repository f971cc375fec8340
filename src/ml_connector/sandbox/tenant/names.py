"""Names as a plant really has them: accents, apostrophes, hyphens, one-word names, names called otherwise."""

from __future__ import annotations

import unicodedata
from random import Random

FIRST_NAMES = (
    "James", "Maria", "Łukasz", "Thị Hương", "DeShawn", "Aaliyah", "Siobhán", "José", "Anjali", "Wei", "Olga",
    "Ángel", "Katarzyna", "Mohammed", "Fatima", "Björn", "Zoë", "Émilie", "Robert", "Linda", "Michael", "Patricia",
    "William", "Jennifer", "David", "Elizabeth", "Richard", "Barbara", "Joseph", "Susan", "Thomas", "Jessica",
    "Carlos", "Guadalupe", "Tyrone", "Keisha", "Hiroshi", "Yuki", "Ahmed", "Layla", "Igor", "Svetlana", "Kofi",
    "Ama", "Rajesh", "Priya", "Jean-Luc", "Anne-Marie", "Günther", "Renée", "Paweł", "Agnieszka", "Darnell",
    "Latoya", "Juan Pablo", "Mary Ann", "Kwame", "Nia", "Sean", "Bridget", "Trevor", "Megan", "Chukwuemeka", "Ngozi",
)  # fmt: skip

LAST_NAMES = (
    "Nguyễn", "O'Brien", "Smith", "Kowalski", "García", "Johnson", "Williams", "D'Angelo", "Müller", "Szczepański",
    "van der Berg", "Al-Hassan", "Brown", "Jones", "Davis", "Miller", "Wilson", "Moore", "Taylor", "Anderson",
    "Thomas", "Jackson", "White", "Harris", "Martin", "Thompson", "Martínez", "Robinson", "Clark", "Rodríguez",
    "Lewis", "Lee", "Walker", "Hall", "Allen", "Young", "Hernández", "King", "Wright", "López", "Hill", "Scott",
    "Green", "Adams", "Baker", "González", "Nelson", "Carter", "Mitchell", "Pérez", "Roberts", "Turner", "Phillips",
    "Campbell", "Parker", "Evans", "Edwards", "Collins", "Stewart", "Sánchez", "Morris", "Rogers", "Reed", "Cook",
    "Patel", "Chen", "Kim", "Tanaka", "Okafor", "Mensah", "Ivanova", "Novák", "Håkansson", "Öztürk", "McDonald",
    "Fitz-Gerald", "St. John", "de la Cruz", "Li", "Ng", "Wu", "Null", "True", "Yilmaz",
)  # fmt: skip

ONE_WORD_NAMES = ("Suharto", "Madonna", "Wulandari", "Budiono")

_CALLED = {"William": "Bill", "Robert": "Bob", "Elizabeth": "Liz", "Katarzyna": "Kasia", "Chukwuemeka": "Emeka"}
_MIDDLE_NAMES = ("A.", "Lee", "Marie", "J.", "Ray", "Ann", "José", "K.")


def pick_name(random: Random) -> dict[str, str | None]:
    """Pick a person's names; about one in two hundred has no first name at all."""
    if random.random() < 0.005:
        name = random.choice(ONE_WORD_NAMES)
        return {"first_name": None, "middle_name": None, "last_name": name, "preferred_first_name": None}
    first = random.choice(FIRST_NAMES)
    return {
        "first_name": first,
        "middle_name": random.choice(_MIDDLE_NAMES) if random.random() < 0.25 else None,
        "last_name": random.choice(LAST_NAMES),
        "preferred_first_name": _CALLED.get(first),
    }


def make_email(key: str, *, last_name: str) -> str:
    """Make a work address that is plain ASCII and nobody else's."""
    plain = unicodedata.normalize("NFKD", last_name.replace("ł", "l")).encode("ascii", "ignore").decode().lower()
    letters = "".join(letter for letter in plain if letter.isalpha())
    return f"{letters[:24] or 'worker'}.{key.lower()}@acme.example"
