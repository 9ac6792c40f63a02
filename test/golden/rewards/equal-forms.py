"""Writes equal-forms.json: expressions in forms that sympy derived from each other, and wrong ones beside them.

Run: python equal-forms.py        (versions are recorded in the file it writes)
"""

import json
import random
from pathlib import Path

import sympy
from sympy import Rational, apart, cos, expand, factor, latex, pi, radsimp, sin, sqrt, sqrtdenest, symbols, together

rng = random.Random(11)
x, y, n = symbols("x y n", positive=True)


def number():
    return Rational(rng.randint(-30, 30), rng.choice([1, 1, 2, 3, 4, 5, 7, 12]))


def surd():
    return number() + number() * sqrt(rng.choice([2, 3, 5, 6, 7, 10, 15])) + rng.choice([0, 0, number() * pi, number() * sympy.I])


def polynomial():
    return sum(number() * x ** rng.randint(0, 4) * y ** rng.randint(0, 2) for _ in range(3)) + rng.randint(1, 9) * x


def forms(e):
    made = [e, expand(e), together(e), factor(e)]
    for derive in (radsimp, sqrtdenest, lambda f: apart(f, x)):
        try:
            made.append(derive(e))
        except Exception:
            pass
    written = [latex(f) for f in made] + [latex(expand(e), fold_short_frac=True), latex(e, mul_symbol="dot"), latex(e, mul_symbol="times")]
    return sorted(set(written))


def wrong(e):
    return sorted({latex(w) for w in (e + 1, 2 * e, -e, e + sqrt(2), e * pi) if sympy.simplify(w - e) != 0})


families = {
    "rationals": lambda: number() + number() * number(),
    "surds": lambda: surd() * surd(),
    "quotients of surds": lambda: surd() / (surd() + 40),
    "nested roots": lambda: expand((rng.randint(1, 9) + rng.randint(1, 9) * sqrt(rng.choice([2, 3, 5]))) ** 2) ** Rational(1, 2),
    "polynomials": lambda: polynomial() * (x + number()),
    "rational functions": lambda: polynomial() / (x + rng.randint(1, 9)),
    "trigonometry": lambda: number() * sin(pi / rng.choice([3, 4, 5, 6, 12])) + cos(x) * number(),
}
golden = {"versions": {"sympy": sympy.__version__}, "cases": []}
for family, make in families.items():
    for _ in range(25):
        e = make()
        if e == 0:
            continue
        golden["cases"].append({"family": family, "equal": forms(e), "wrong": wrong(e)})
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
