// Package stats is the statistics plugin: numpy's reductions of one column per cell, under numpy's names without
// "np.": len, count, min, max, sum, mean, average, median, var, std, quantile, percentile, and the forms that leave
// NaN out (nansum, nanmin, nanmax, nanmean, nanmedian, nanvar, nanstd, nanquantile, nanpercentile).
//
// The numbers are those of package reduce, whose comment says how they compare with numpy's.
//
// Inputs: "source"; average also takes "weights", without which it is mean. Config: a JSON object with the constants
// of the reduction, {"q": 0.25} or {"q": [0.25, 0.75]} for the quantiles (one number or a vector per cell), {"ddof": 1}
// for var and std, and nothing for the others.
//
// Types of the result: int64 for len and count; the source's for min and max; float64 for the rest, except that sums
// of integers and booleans are int64 (uint64 of unsigned): the Type of the Column that Compute returns says which.
//
// Beside them there are distinct, single, time_envelope and composition, which numpy has not: of records' numbers and values, words of
// time, and words of the parts of signal.
package stats
