// Package spelling measures the similarity of names, for suggestions in error messages.
package spelling

// Longest is how many bytes of a text are compared: no name is longer.
const Longest = 64

// Distance is the least number of insertions, deletions and replacements of a byte and of swaps of neighbours that make b of a (optimal
// string alignment). Of texts longer than Longest the beginnings are compared.
func Distance(a, b string) int {
	a, b = a[:min(len(a), Longest)], b[:min(len(b), Longest)]
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(replaced, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
