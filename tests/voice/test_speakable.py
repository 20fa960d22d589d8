"""What is written, and what is said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.speakable import speakable

CASES = {
    # plain words pass
    "Hello there, how can I help you?": "Hello there, how can I help you?",
    "Your twenty-first order is on its way.": "Your twenty-first order is on its way.",
    "It's the customer's choice; isn't it?": "It's the customer's choice; isn't it?",
    "": "",
    # order numbers and codes
    "I heard order 15213, is that right?": "I heard order one five two one three, is that right?",
    "Order number 15213 has shipped.": "Order number one five two one three has shipped.",
    "order #15213": "order number one five two one three",
    "order 1 5 2 1 3, is that right?": "order one five two one three, is that right?",
    "order 1-5-2-1-3": "order one five two one three",
    "15213. Is that right?": "one five two one three. Is that right?",
    "The number is 15213.": "The number is one five two one three.",
    "Your code is 4829.": "Your code is four eight two nine.",
    "Reference: AB-1234": "Reference: A, B, one two three four",
    "Your case ID is K9X2.": "Your case ID is K, nine, X, two.",
    "Use PIN 0042.": "Use PIN zero zero four two.",
    "the card ending in 4242": "the card ending in four two four two",
    "account 12345678": "account one two three four, five six seven eight",
    "card 411122223333": "card four one one one, two two two two, three three three three",
    "item SKU4521": "item S K U, four five two one",
    "You have 2 orders.": "You have two orders.",
    "on your account in 3-5 days": "on your account in three to five days",
    "order 3-5 lamps": "order three to five lamps",
    "say yes or no.": "say yes or no.",
    "your order no. 15213": "your order number one five two one three",
    "order 2 lamps": "order two lamps",
    "press #1": "press number one",
    "ZIP code 90210": "ZIP code nine zero two one zero",
    "5G and MP3": "five G and M P three",
    "the iPhone15 case": "the iPhone fifteen case",
    "Room A4": "Room A, four",
    # money
    "It costs $42.50.": "It costs forty-two dollars and fifty cents.",
    "$1": "one dollar",
    "$0.99": "ninety-nine cents",
    "$.99": "ninety-nine cents",
    "$9.50/month": "nine dollars and fifty cents per month",
    "$1.01 more": "one dollar and one cent more",
    "$1,250.00": "one thousand two hundred fifty dollars",
    "A refund of €19.90 is due": "A refund of nineteen euros and ninety cents is due",
    "£5.50": "five pounds and fifty pence",
    "20 EUR": "twenty euros",
    "¥300": "three hundred yen",
    "$10-$20": "ten to twenty dollars",
    "$5 million": "five million dollars",
    "$12k": "twelve thousand dollars",
    "-$5": "minus five dollars",
    # dates
    "2026-11-24": "November twenty-fourth, twenty twenty-six",
    "It arrives on November 24.": "It arrives on November twenty-fourth.",
    "November 24, 2026": "November twenty-fourth, twenty twenty-six",
    "on Nov. 3rd": "on November third",
    "24 November 2026": "November twenty-fourth, twenty twenty-six",
    "the 24th of November": "the twenty-fourth of November",
    "24/11/2026": "November twenty-fourth, twenty twenty-six",
    "11/24/2026": "November twenty-fourth, twenty twenty-six",
    "24.11.2026": "November twenty-fourth, twenty twenty-six",
    "on Tuesday, March 3rd": "on Tuesday, March third",
    "Feb 29": "February twenty-ninth",
    "November 24-26": "November twenty-fourth to twenty-sixth",
    "November 24-26, 2026": "November twenty-fourth to twenty-sixth, twenty twenty-six",
    "the 1st-3rd": "the first to third",
    "2026-11-24T10:15": "November twenty-fourth, twenty twenty-six at ten fifteen",
    "31/02/2026": "thirty-one zero two two thousand twenty-six",
    "in 2026": "in twenty twenty-six",
    "since 1905": "since nineteen oh five",
    "in 2004": "in two thousand four",
    "the 1990s": "the nineteen nineties",
    "Mon-Fri": "Monday to Friday",
    "You may 10 times": "You may ten times",
    # times
    "at 10:15": "at ten fifteen",
    "We open at 9 am.": "We open at nine a.m.",
    "9am-5pm": "nine a.m. to five p.m.",
    "from 9:00 a.m. to 5:30 p.m. daily": "from nine a.m. to five thirty p.m. daily",
    "at 14:30": "at two thirty p.m.",
    "9:05": "nine oh five",
    "at 12:00 sharp": "at twelve o'clock sharp",
    "00:30": "twelve thirty a.m.",
    "We close at 8 PM. Goodbye.": "We close at eight p.m. Goodbye.",
    "10:00-18:00": "ten o'clock to six p.m.",
    # phone numbers
    "555-201-7788": "five five five, two zero one, seven seven eight eight",
    "(555) 201-7788": "five five five, two zero one, seven seven eight eight",
    "Call +1 800 555 0199.": "Call plus one, eight zero zero, five five five, zero one nine nine.",
    "555-0142": "five five five, zero one four two",
    "+49 30 1234567": "plus four nine, three zero, one two three four five six seven",
    # addresses
    "jane.miller@example.com": "jane dot miller at example dot com",
    "joe_99@mail-box.co.uk": "joe underscore nine nine at mail dash box dot co dot U K",
    "Write to help@shop.com.": "Write to help at shop dot com.",
    "https://www.example.com/returns": "example dot com slash returns",
    "Visit example.com, please.": "Visit example dot com, please.",
    # shares, decimals, ordinals, fractions, units, ranges
    "20% off": "twenty percent off",
    "10-20%": "ten to twenty percent",
    "3.5 stars": "three point five stars",
    "0.25": "zero point two five",
    "version 1.2.3": "version one point two point three",
    "the 2nd and 23rd": "the second and twenty-third",
    "1/2 price": "half price",
    "2½ hours": "two and a half hours",
    "24/7": "twenty-four seven",
    "5 kg": "five kilograms",
    "1 lb": "one pound",
    "250GB of space": "two hundred fifty gigabytes of space",
    "20°C": "twenty degrees Celsius",
    "60 mph": "sixty miles per hour",
    "3-5 days": "three to five days",
    "3 \u2013 5 business days": "three to five business days",
    "1,250 customers": "one thousand two hundred fifty customers",
    "10000 points": "ten thousand points",
    "-5 degrees": "minus five degrees",
    "10x12": "ten by twelve",
    # abbreviations
    "Mr. Smith and Mrs Jones": "Mister Smith and Missus Jones",
    "Dr. Lee lives on Oak Dr.": "Doctor Lee lives on Oak Drive.",
    "12 Main St.": "twelve Main Street.",
    "St. Mary": "Saint Mary",
    "e.g. shoes, hats, etc.": "for example, shoes, hats, et cetera.",
    "No. 5": "number five",
    "U.S. stores": "U S stores",
    "tea w/o sugar": "tea without sugar",
    # signs and markup
    "Tom & Jerry": "Tom and Jerry",
    "and/or": "and or",
    "his/her": "his or her",
    "yes — of course": "yes, of course",
    "Wait… what?": "Wait, what?",
    "Well...": "Well.",
    "**Free** _returns_ `now`": "Free returns now",
    "[our page](https://example.com/a)": "our page",
    "- one\n- two": "one. two",
    "Great 🎉 news!": "Great news!",
    "“Quoted,” she said": "Quoted, she said",
    "Returns (within 30 days) are free.": "Returns, within thirty days, are free.",
    "item(s)": "items",
    "Really?!": "Really?",
    "Acme™ café": "Acme café",
    "1 + 1 = 2": "one plus one equals two",
    "~5 minutes": "about five minutes",
    "🎉 …": "",
}


@pytest.mark.parametrize(("written", "spoken"), CASES.items(), ids=str)
def test_said_as_a_person_would(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


@pytest.mark.parametrize("spoken", CASES.values(), ids=str)
def test_words_pass_unchanged(spoken: str) -> None:
    assert speakable(spoken) == spoken


WRITTEN = st.text(
    st.sampled_from("aZé 019.,:;?!'\"-\u2013—/@#$€%&*_()[]<>+=~\n½²🎉中٣"), max_size=40
)


@given(WRITTEN)
def test_only_words_and_punctuation_come_out(written: str) -> None:
    assert re.fullmatch(r"(?:[^\W\d_]|[ .,:;?!'-])*", speakable(written))
