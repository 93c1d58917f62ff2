// Package reduce implements numpy's reductions for many cells at once. Each function takes values and CSR offsets
// (core.Groups.Offsets), where values[offsets[i]:offsets[i+1]] belong to cell i, and returns one number per cell. The
// statistics plugin and the expression evaluator use it.
//
// Agreement with numpy:
//
//   - Counts are int64. Sums of booleans and signed integers are int64, of unsigned integers uint64, both wrapping
//     around; sums of floats are float64. Minimum and maximum have the type of the values. Integers never pass through
//     floating point on the way to any of these. Everything else is float64.
//   - Floats are accumulated in float64 whatever their type, by numpy's pairwise summation (blocks of 128 in eight
//     accumulators, halves above), so that sums, means and variances of float64 values equal numpy's bit for bit.
//     numpy accumulates float32 in float32; here such results are closer to the true value.
//   - Sum, mean, minimum, maximum, median, variance and quantiles of values with a NaN are NaN; the forms whose name
//     begins with nan leave NaN out, and are NaN (sum: 0) where nothing is left.
//   - Quantiles are numpy's method "linear". Medians and quantiles of float32 values interpolate in float32 as
//     numpy.quantile(a, q) with a plain number q does, so that they are equal after a cast to float32.
//   - Where numpy raises for a cell (minimum of no values, quantile of no values, weights that sum to zero) the
//     result is NaN, and 0 for integers; callers for whom that matters look at the offsets.
//
// No function allocates per cell. All are pure and safe for concurrent use. Products and sums are rounded one by one
// (no fused multiply-add), so results are the same on every architecture.
package reduce
