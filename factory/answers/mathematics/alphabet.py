r"""The words of written mathematics: LaTeX's commands, signs of Unicode and functions, each by one name.

Every table maps a way of writing to the kind of its token (`factory.answers.mathematics.tokens`).
"""

FUNCTIONS = frozenset(
    "sin cos tan sec csc cot arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh log ln exp "
    "abs floor ceil max min gcd lcm".split()
)
"""Functions that both a command (`\\sin`) and a plain word (`sin`) name."""

PLAIN_FUNCTIONS = {name: name for name in FUNCTIONS} | {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sqrt": "sqrt", "cbrt": "cbrt", "Abs": "abs",
    "ceiling": "ceil", "Max": "max", "Min": "min", "factorial": "factorial", "binomial": "binom",
    "Matrix": "matrix", "Eq": "equation", "Interval": "interval", "FiniteSet": "finite", "Union": "union",
    "lg": "log", "cis": "cis",
}  # fmt: skip

CONSTANTS = {"pi": "pi", "π": "pi", "oo": "oo", "inf": "oo", "infinity": "oo", "infty": "oo", "∞": "oo"}

GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma "
    "tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell "
    "hbar".split()
)
LETTERS = dict(
    zip(
        "αβγδεζηθικλμνξρστυφχψωΓΔΘΛΞΣΦΨΩℓ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi "
        "chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell".split(),
        strict=True,
    )
)

SPACES = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr quad qquad displaystyle "
    "textstyle scriptstyle limits nolimits hfill hline thinspace enspace mathstrut middle normalsize "
    "Large large small rm bf it".split()
)
"""Commands that say nothing."""

WRAPPERS = frozenset(
    "mathbf mathit mathsf mathtt mathcal mathfrak boldsymbol bm pmb boxed fbox ensuremath".split()
)
"""Commands whose argument is read as if it were not there."""

TEXTS = frozenset("text textbf textit textrm textsf texttt textnormal mbox hbox mathrm textup".split())
"""Commands whose argument is words."""

MARKS = frozenset(
    "overline bar vec hat tilde widehat widetilde overrightarrow overleftrightarrow overarc underline "
    "angle triangle measuredangle sphericalangle".split()
)
"""Commands that mark a name: `\\overline{CD}` is a segment and no product."""

OPERATORS = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "pm": "pm", "mp": "mp", "le": "<=", "leq": "<=",
    "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=",
    "neq": "!=", "approx": "~", "simeq": "~", "in": "in", "cup": "union", "bigcup": "union",
    "cap": "intersection", "bigcap": "intersection", "setminus": "difference", "backslash": "difference",
    "smallsetminus": "difference", "lor": "or", "vee": "or", "land": "and", "wedge": "and", "mid": "mid",
    "colon": ":", "bmod": "mod", "frac": "frac", "dfrac": "frac", "tfrac": "frac", "cfrac": "frac",
    "sqrt": "root", "binom": "choose", "dbinom": "choose", "tbinom": "choose", "over": "over",
    "lvert": "abs(", "rvert": ")abs", "vert": "|", "lfloor": "floor(", "rfloor": ")floor", "lceil": "ceil(",
    "rceil": ")ceil", "langle": "(", "rangle": ")", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[",
    "rbrack": "]", "lparen": "(", "rparen": ")", "degree": "deg", "emptyset": "empty", "varnothing": "empty",
    "Rightarrow": "=>", "implies": "=>", "prime": "'", "ldots": "dots", "dots": "dots", "cdots": "dots",
    "sim": "sim", "perp": "sim", "parallel": "sim", "to": "sim", "rightarrow": "sim",
}  # fmt: skip
"""LaTeX's commands for operators, relations and brackets."""

BIG = {"sum": "sum", "prod": "prod", "int": "integral", "∑": "sum", "∏": "prod", "∫": "integral"}
"""Signs over a body with bounds."""

SIGNS = {
    "−": "-", "–": "-", "‐": "-", "‑": "-", "‒": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*",
    "÷": "/", "∕": "/", "⁄": "/", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "!=", "≈": "~",
    "±": "pm", "∓": "mp", "∪": "union", "∩": "intersection", "∖": "difference", "∈": "in", "°": "deg",
    "º": "deg", "˚": "deg", "∅": "empty", "⌊": "floor(", "⌋": ")floor", "⌈": "ceil(", "⌉": ")ceil",
    "⟨": "(", "⟩": ")", "〈": "(", "〉": ")", "…": "dots", "′": "'", "’": "'", "∣": "|",
    "∨": "or", "∧": "and", "√": "root", "∠": "mark", "△": "mark", "**": "^", "<=": "<=", "=<": "<=",
    ">=": ">=", "!=": "!=", "==": "=", ":=": "=", "...": "dots", "//": "//", "→": "sim",
}  # fmt: skip

WORDS_NOT_NAMES = frozenset(
    "no so is it in on at or of to by up go he we me my us do be an as if am not one two six ten".split()
)
"""Short words that no product of letters is taken for."""
