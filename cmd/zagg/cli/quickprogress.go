package cli

import (
	"context"
	"fmt"

	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/quickdeploy"
	"github.com/englacial/zagg/internal/screen"
)

// updateFunctions has all functions take the zip and shows how far each is: a table that changes on a terminal, else a line for
// each that has come to an end.
func (a *app) updateFunctions(ctx context.Context, s *quickdeploy.Session, done *quickdeploy.Report) {
	table := screen.NewTable(a.stderr, s.Functions)
	if table == nil {
		s.Update(ctx, done, nil)
	} else {
		s.Update(ctx, done, table.Say)
		table.Wait()
	}
	for _, r := range done.Functions {
		if table == nil || r.Err != nil { // a row has no room for the reason
			fmt.Fprintln(a.stderr, resultLine(r))
		}
	}
}

func resultLine(r quickdeploy.Result) string {
	if r.Err != nil {
		return fmt.Sprintf("%s failed after %s: %v", r.Function, quantity.Seconds(r.Seconds), r.Err)
	}
	return fmt.Sprintf("%s updated in %s, code %s", r.Function, quantity.Seconds(r.Seconds), r.SHA256)
}
