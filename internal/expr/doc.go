// Package expr compiles and evaluates the expressions of a run configuration: filters and params, one value per row,
// and statistics, one value or vector per cell.
//
// The language is the part of Python with numpy that such expressions use, and nothing more: there are no names but
// the columns, the functions in Functions, the constants np.pi, np.e, np.inf, np.nan, True, False, and no way to reach
// anything else.
//
//	a if c else b   or  and  not   < <= > >= == != (chained)   | ^ & << >>   + -   * / // %   - + ~   **
//	f(x, key=v)   np.f(x)   x.sum()   x.astype('float32')   x[mask]   x[0]   x[-1]   x[a:b:c]   (a, b)   [a, b]
//
// A cell's result may be rows of several numbers (Options.Inner): np.column_stack((a, b)), np.stack((a, b), axis=1), np.array([a, b]).T and
// x.reshape(-1, 2) make them; x[mask], x[a:b:c], np.concatenate, len and all that works element by element take them; what reduces does not.
// A choice may be between arrays, of another length in each cell: np.column_stack((a, b)) if len(a) > 2 else np.column_stack((a, b))[:0].
//
// Values are numpy's, per cell: a column is an array of the cell's rows, a reduction of it a number. All cells (or
// rows) are computed together, operation by operation, in blocks that fit the cache.
//
// Types: integers are computed as int64, except uint64, which stays; floats as float64; booleans stay. The rules
// between them are numpy's: / is float, // and % round down and give 0 for an integer divided by zero, a negative
// power of an integer is an error, uint64 with int64 is float64, plain numbers adapt to the array. Floats divided by
// zero are infinite or NaN, never an error, and so are Python numbers of a cell such as len(x), for which Python would
// raise. Results that only select or reorder float32 values (masks, minima, medians, quantiles) stay float32 values;
// arithmetic on them is float64.
//
// Where numpy raises for a cell (the maximum of no values, an index that is not there, arrays of different length),
// evaluation fails with an error that names the cell, unless the value is in the branch of a conditional expression
// that the cell does not take: np.max(h[h > 0]) if np.any(h > 0) else np.nan. Weights of np.average that sum to zero
// give NaN (or, where some are negative, an infinite value). The truth value of an array (and, or, not, if, chained
// comparisons) is an error whatever its length.
//
// Logarithms, powers and the like are those of package math: their last digits may differ from numpy's, and between
// architectures. All else is the same everywhere.
//
// No text can hang the evaluator or exhaust memory: length, nesting, nodes, list and histogram sizes and the memory of
// intermediate results are bounded.
package expr
