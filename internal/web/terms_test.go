package web

import (
	"testing"
	"time"

	"flattery"
)

func TestTheTermsFollowFromTheSettings(t *testing.T) {
	for name, row := range map[string]struct {
		change func(w *world, o *Options)
		says   []string
		not    []string
	}{
		"as usual": {nil, []string{"has entered no name", "never holds anyone’s money", "keeps nothing of it", "at least €2.00", "close 3 days later", "for as long as it takes", "evenly over what you liked",
			"30 days at most", "usually names the payer"}, []string{"mailto:", "in beforehand"}},
		"somebody says who they are": {func(_ *world, o *Options) { o.Owner = Owner{"The allotment club", "hello@allotment.example"} },
			[]string{"The allotment club runs this instance.", `<a href="mailto:hello@allotment.example" rel="noopener noreferrer"><bdi>hello@allotment.example</bdi></a>`}, []string{"entered no name"}},
		"on a page": {func(_ *world, o *Options) { o.Owner = Owner{"<b>Club</b>", "https://allotment.example/?a=b"} },
			[]string{"&lt;b&gt;Club", `<a href="https://allotment.example/?a=b"`}, nil},
		"nowhere to click": {func(_ *world, o *Options) { o.Owner = Owner{"", "javascript:alert(1)@x"} }, []string{"<bdi>javascript:alert(1)@x</bdi>"}, []string{`href="javascript`, "mailto:"}},
		"prepaid, with a fee, by creator": {func(_ *world, o *Options) {
			o.Mode, o.Fee, o.Split, o.Lapse, o.Grace = Prepaid, 25_000, flattery.SplitByCreator, 90*24*time.Hour, 0
		}, []string{"in beforehand", "keeps 2.50\u00a0% of each budget", "evenly over the creators", "no longer than 90 days", "close at once"}, []string{"never holds", "usually names the payer", "keeps nothing"}},
		"a fee of slips": {func(_ *world, o *Options) { o.Fee, o.FeeTo = 25_000, "host" }, []string{"keeps 2.50\u00a0% of each budget: it is for host, and paid by slips"}, []string{"keeps nothing"}},
		"no network":     {func(_ *world, o *Options) { o.Networks = nil }, []string{"No network can be linked here yet."}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(false)
			o := options(t, w)
			if row.change != nil {
				row.change(w, &o)
			}
			expect(t, visitor(t, handler(t, o)), "/terms", row.says, row.not)
		})
	}
	w := populated(false)
	expect(t, visitor(t, handler(t, options(t, w))), "/terms", []string{"<li>GitHub"}, []string{"<h3>Instagram</h3>"})
	expect(t, visitor(t, handler(t, options(t, w))), "/", []string{`<a href="/terms">Terms and privacy</a>`}, nil)
}
