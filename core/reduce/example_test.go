package reduce_test

import (
	"fmt"

	"github.com/englacial/zagg/core/reduce"
)

// Values of three cells lie one after another; the second cell has none.
func ExampleMean() {
	values := []float64{1, 2, 3, 10, 20}
	offsets := []int64{0, 3, 3, 5}
	means := make([]float64, 3)
	reduce.Mean(means, values, offsets)
	fmt.Println(means)
	// Output: [2 NaN 15]
}
