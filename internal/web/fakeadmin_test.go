package web

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"flattery"
)

// What who runs the instance is told.

func (w *world) Health(context.Context) ([]flattery.Health, error) {
	list := []flattery.Health{
		{Network: "github", Well: 12, LastGood: today.Add(-2 * time.Minute), NextPoll: today.Add(time.Minute)},
		{Network: "flickr", Well: 3, Late: 2, Stopped: 1, LastGood: today.Add(-50 * time.Hour), NextPoll: today.Add(-3 * time.Hour), Troubles: []flattery.Trouble{
			{Reason: "trouble", Links: 2, Detail: "api.flickr.example answered 502 Bad Gateway"}, {Reason: "keys", Links: 1}}},
		{Network: "vimeo", Stopped: 1},
	}
	if w.rough {
		list = append(list, flattery.Health{Network: hostile[2], Well: 1_000_000, Late: 1_000_000, Stopped: 1_000_000, Troubles: []flattery.Trouble{{Reason: "new", Links: 7, Detail: hostile[0] + hostile[2]}}})
	}
	return told(w, list)
}

func (w *world) Audit(context.Context) (int64, []string, error) {
	return 1234, w.faults, w.broken
}

func (w *world) Instance(context.Context) (Instance, error) {
	i := Instance{Database: "sqlite 3.53.0", Schema: 7, ID: "k7rmw3hs9dnpx2vq", Policy: w.rules(), BackupAt: today.Add(-80 * time.Hour), BackupTo: "/mnt/disk/one.db", Findings: []Finding{{"warning", "links", flattery.Say("link %d is stopped: %s (%s)", 3, flattery.Why("reconnect"), "api.example answered 401")}, {"fault", "key", flattery.Say("%s can be read by others: chmod 600 it", "flattery.key")}}}
	return told(w, i)
}

func (w *world) Policy(context.Context) (Policy, error) { return told(w, w.rules()) }

func (w *world) rules() Policy {
	p := Policy{Settings: slices.Clone(w.settings), Begun: w.closed, Settling: w.closed}
	if w.rough {
		p.Settings = append(p.Settings, Setting{"networks.github.base", strings.Repeat("https://long.", 200), "FLATTERY_NETWORKS_GITHUB_BASE", false})
	}
	return p
}

// settings are those of the house; the first are the file's.
func settings() []Setting {
	all := []Setting{{"data", "/srv/flattery", "default", false}, {"slips.max", "5", "flattery.toml:3", false}, {"fee_account", "", "default", true}}
	for _, part := range policyParts(Prepaid) {
		for _, name := range part.names {
			if name != "slips.max" {
				all = append(all, Setting{name, "", "default", true})
			}
		}
	}
	return all
}

func (w *world) SetPolicy(_ context.Context, made map[string]string) error {
	if w.refuse != nil {
		return w.refuse
	}
	if w.policy == nil {
		w.policy = map[string]string{}
	}
	maps.Copy(w.policy, made)
	return nil
}
