package cli

// "zagg plugins new": the skeleton of a plugin. The work is in internal/skeleton.

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/skeleton"
)

func (a *app) pluginsNew() *cobra.Command {
	var lang, dir, module, source string
	c := &cobra.Command{
		Use:   "new grid|reader|statistic NAME",
		Short: "Create a working skeleton of a plugin",
		Example: `  zagg plugins new statistic --lang go roughness
  zagg plugins new statistic --module github.com/me/roughness roughness
  zagg plugins new reader --lang python drifters --dir plugins/drifters`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			s := &skeleton.Skeleton{Kind: args[0], Name: args[1], Lang: lang, Module: module, Zagg: source}
			if wrong := s.Check(); wrong != "" {
				return fmt.Errorf("%s: %w for `zagg plugins new`", wrong, errUsage)
			}
			if dir == "" {
				dir = s.Name
			}
			files, err := s.Write(Version, dir)
			if err != nil {
				return err
			}
			for _, f := range files {
				fmt.Fprintln(a.stdout, filepath.Join(dir, f))
			}
			fmt.Fprintf(a.stderr, "%s has the next steps.\n", filepath.Join(dir, "README.md"))
			return nil
		},
	}
	c.Flags().StringVar(&lang, "lang", "go", "language: go, python")
	c.Flags().StringVar(&dir, "dir", "", "folder to write (default NAME), which must be new or empty")
	c.Flags().StringVar(&module, "module", "", "path of the Go module, such as github.com/me/roughness (default example.org/NAME)")
	c.Flags().StringVar(&source, "source", "", "folder with zagg's source to build with (default: the checkout that contains the working folder, else the version of this program)")
	c.RegisterFlagCompletionFunc("lang", fixed("go", "python"))
	c.ValidArgs = []string{"grid", "reader", "statistic"}
	return c
}
