"""Currencies as people write them beside numbers: codes, short names and signs."""

from __future__ import annotations

import functools
import unicodedata

# Currencies that people write beside numbers, besides everything with a currency sign in it.
CODES = (
    "AED ARS AUD BDT BGN BHD BRL CAD CHF CLP CNY COP CRC CZK DKK EGP EUR GBP GEL GHS HKD HUF IDR "
    "ILS INR ISK JOD JPY KES KRW KWD KZT LKR MAD MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RMB "
    "RON RSD RUB SAR SEK SGD THB TND TRY TWD TZS UAH UGX USD UYU UZS VND XAF XOF ZAR "
    "Fr. Fr SFr. Rs Rs. Rp Rp. RM KSh Tk kr kr. zł Kč Ft lei TL 元 円 원 "
    "\u0440\u0443\u0431 \u0440\u0443\u0431. \u0440."
)
CURRENCIES = frozenset(CODES.split())


@functools.lru_cache(maxsize=4096)
def is_currency(unit: str) -> bool:
    """Whether what stands beside a number is a currency: one of these, or with a sign in it."""
    return unit in CURRENCIES or any(unicodedata.category(c) == "Sc" for c in unit)
