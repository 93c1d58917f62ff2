// Package tdigest is the statistic "tdigest": the distribution of a cell's values in a few hundred numbers, from which any quantile
// can be read (Dunning and Ertl, "Computing extremely accurate quantiles using t-digests", arXiv:1902.04023).
//
// A digest is rows of two numbers, mean and weight, ascending by mean. A centroid covers ranks between k and k+1 of the scale
// k1(q) = delta·(asin(2q-1)/π + 1/2), so that those at the ends are single values. About 1.27·delta centroids are the most there are;
// a cell of fewer values keeps all of them. The sum of the weights is the number of finite values.
//
// Digests of parts fold into one of the whole, in whatever order the parts come.
package tdigest
