"""Reads linear programs, one JSON object a line, solves each with SciPy's HiGHS and prints milliseconds and optimum."""

import json
import sys
import time

import numpy
import scipy
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_matrix, vstack

INFINITE = 1e29


def bound(values):
    out = numpy.asarray(values, dtype=float)
    out[out > INFINITE] = numpy.inf
    out[out < -INFINITE] = -numpy.inf
    return out


def main():
    print(json.dumps({"scipy": scipy.__version__, "python": sys.version.split()[0]}), flush=True)
    for line in sys.stdin:
        program = json.loads(line)
        matrix = csc_matrix(
            (program["values"], program["indices"], program["starts"]), shape=(program["rows"], program["columns"])
        )
        costs = numpy.asarray(program["costs"], dtype=float)
        lower, upper = bound(program["columnLower"]), bound(program["columnUpper"])
        low, high = bound(program["rowLower"]), bound(program["rowUpper"])
        # Two ways into the same solver; what a user would have to prepare is not counted.
        constraints = LinearConstraint(matrix, low, high)
        bounds = Bounds(lower, upper)
        begin = time.perf_counter()
        answer = milp(costs, constraints=constraints, bounds=bounds)
        by_milp = time.perf_counter() - begin
        rows = matrix.tocsr()
        same = low == high
        above = ~same & numpy.isfinite(high)
        below = ~same & numpy.isfinite(low)
        limited = vstack([rows[above], -rows[below]]) if above.any() or below.any() else None
        limits = numpy.concatenate([high[above], -low[below]]) if limited is not None else None
        pairs = numpy.column_stack([lower, upper])
        begin = time.perf_counter()
        other = linprog(costs, limited, limits, rows[same], low[same], pairs, method="highs")
        by_linprog = time.perf_counter() - begin
        print(
            json.dumps(
                {
                    "milp": 1000 * by_milp,
                    "linprog": 1000 * by_linprog,
                    "objective": answer.fun,
                    "other": other.fun,
                    "status": int(answer.status),
                }
            ),
            flush=True,
        )


main()
