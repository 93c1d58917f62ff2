package drivers

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// Write writes an object as it is made. If write fails, nothing is there: no store shows what is half written.
func Write(ctx context.Context, url string, write func(io.Writer) error) error {
	store, err := Open(ctx, Environment(), url)
	if err != nil {
		return err
	}
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		w := bufio.NewWriterSize(to, 1<<16)
		err := write(w)
		if err == nil {
			err = w.Flush()
		}
		to.CloseWithError(err)
		done <- err
	}()
	err = objstore.Retry(store, objstore.Policy{}).Put(ctx, url, from, core.PutOptions{Size: -1})
	from.CloseWithError(io.ErrClosedPipe) // lets a writer go whose store has given up
	if failed := <-done; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return failed
	}
	return err
}
