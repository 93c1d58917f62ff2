package core_test

import (
	"errors"
	"fmt"

	"github.com/englacial/zagg/core"
)

// An error has a code, by which callers decide, and names what was tried on what.
func ExampleErrorf() {
	cause := errors.New("the server is busy")
	err := core.Errorf(core.Unavailable, "read", "ATL06_20190221121851_08410203_007_01.h5", "%w", cause)
	fmt.Println(err)
	fmt.Println(core.Is(err, core.Unavailable), errors.Is(err, cause))
	// Output:
	// read ATL06_20190221121851_08410203_007_01.h5: the server is busy
	// true true
}

// A column is raw little-endian bytes with a type; View looks at them as values without a copy.
func ExampleColumnOf() {
	heights := core.ColumnOf("h_li", []float32{100.5, 101})
	fmt.Println(heights.Name, heights.Type, heights.Rows(), core.View[float32](heights.Data))
	// Output: h_li float32 2 [100.5 101]
}
