package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flattery"
	"flattery/connectors"
	"flattery/store"
)

// receiver is somebody's program. It answers with a status and keeps what it was told.
type receiver struct {
	*httptest.Server
	status int
	got    []*http.Request
	bodies []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.got, r.bodies = append(r.got, req), append(r.bodies, string(body))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

// signed is what Standard Webhooks asks of a receiver: one of the signatures is right by its key.
func (r *receiver) signed(key flattery.Secret, i int) bool {
	h := r.got[i].Header
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(key), "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, raw)
	fmt.Fprintf(mac, "%s.%s.%s", h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), r.bodies[i])
	for one := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		if one == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
			return true
		}
	}
	return false
}

func (b *bench) add(url string) (flattery.Hook, flattery.Secret) {
	b.Helper()
	h, key, err := b.hooks.Add(b.Context(), b.ann, url)
	if err != nil {
		b.Fatal(err)
	}
	return h, key
}

func (b *bench) last(h flattery.Hook) flattery.Delivery {
	b.Helper()
	list, err := b.Deliveries(b.Context(), h.ID, 1)
	if err != nil || len(list) == 0 {
		b.Fatal(list, err)
	}
	return list[0]
}

func TestANoticeIsPostedOnceAndSigned(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	h, key := b.add(r.URL + "/hook?a=b")
	b.happen()
	b.drain()
	b.pass(time.Minute)
	b.drain()
	want(t, "posted", len(r.got), 1)
	req := r.got[0]
	if req.Method != "POST" || req.URL.String() != "/hook?a=b" || req.Header.Get("Content-Type") != "application/json" || req.Header.Get("User-Agent") != "Flattery/test" ||
		req.Header.Get("Webhook-Timestamp") != fmt.Sprint(start.Unix()) || !strings.HasPrefix(req.Header.Get("Webhook-Id"), "msg_") || !r.signed(key, 0) || r.signed("whsec_AAAA", 0) {
		t.Errorf("%s %s %v", req.Method, req.URL, req.Header)
	}
	var m struct {
		Type, Timestamp string
		Data            map[string]any
	}
	if err := json.Unmarshal([]byte(r.bodies[0]), &m); err != nil {
		t.Fatal(err)
	}
	if m.Type != "link.stopped" || m.Timestamp != "2026-11-04T04:15:00Z" || m.Data["account"] != 1.0 || m.Data["network"] != "flickr" || m.Data["who"] != "ann & <b>co</b>" ||
		m.Data["reason"] != "reconnect" || m.Data["url"] != "https://flattery.example/links" || m.Data["title"] == "" || m.Data["text"] == "" || m.Data["amount"] != nil {
		t.Errorf("%s", r.bodies[0])
	}
	d := b.last(h)
	if d.State != flattery.DeliveryDone || d.Status != 204 || d.Tries != 1 || !d.TriedAt.Equal(start) {
		t.Errorf("%+v", d)
	}
}

func TestABadAnswerIsTriedAgainAndInTheEndTheWebhookIsStopped(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	h, _ := b.add(r.URL)
	r.status = http.StatusFound // a redirect is not followed
	b.happen()
	b.drain()
	for i, pause := range []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour} {
		want(t, "waits", b.last(h).State, flattery.DeliveryWaits)
		b.pass(pause - time.Second)
		b.drain()
		want(t, "posted too early", len(r.got), i+1)
		b.pass(time.Second)
		b.drain()
		want(t, "posted again", len(r.got), i+2)
	}
	b.pass(48 * time.Hour)
	b.drain()
	d := b.last(h)
	if d.State != flattery.DeliveryFailed || d.Tries != 10 || d.Status != http.StatusFound {
		t.Errorf("%+v", d)
	}
	same := map[string]bool{}
	for _, req := range r.got {
		same[req.Header.Get("Webhook-Id")] = true
		want(t, "path", req.URL.Path, "/")
	}
	want(t, "names of the message", len(same), 1)
	hook, err := b.Hook(b.Context(), h.ID)
	if err != nil || hook.StoppedAt.IsZero() {
		t.Errorf("%+v, %v", hook, err)
	}
	list, err := b.Notices(b.Context(), b.ann, 1)
	if err != nil || list[0].Kind != flattery.NoticeHook {
		t.Errorf("told %+v, %v", list, err)
	}
	b.happen()
	b.drain()
	want(t, "posted while it is stopped", len(r.got), 10)

	d, err = b.hooks.Test(b.Context(), b.ann, h.ID)
	if err != nil || d.State != flattery.DeliveryFailed || d.Status != http.StatusFound {
		t.Errorf("a bad test: %+v, %v", d, err)
	}
	r.status = http.StatusOK
	if d, err = b.hooks.Test(b.Context(), b.ann, h.ID); err != nil || d.State != flattery.DeliveryDone {
		t.Errorf("a good test: %+v, %v", d, err)
	}
	b.drain()
	want(t, "posted then: two tests, and what happened meanwhile", len(r.got), 14)
}

func TestAWebhookThatIsGoneIsStoppedAtOnce(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	h, _ := b.add(r.URL)
	r.status = http.StatusGone
	b.happen()
	b.drain()
	hook, err := b.Hook(b.Context(), h.ID)
	if d := b.last(h); err != nil || hook.StoppedAt.IsZero() || d.State != flattery.DeliveryFailed || d.Tries != 1 {
		t.Errorf("%+v, %+v, %v", hook, d, err)
	}
}

func TestAWebhookIsPostedToInPublicOnly(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	h, _ := b.add(r.URL)
	b.hooks.Client, b.hooks.Private = connectors.NewClient(connectors.ClientOptions{}), false
	for name, address := range map[string]string{
		"plain http": "http://example.org/", "no host": "https:///x", "no address": "x", "a password": "https://me:secret@example.org/", "long": "https://example.org/" + strings.Repeat("x", 600),
		"a script": "javascript:alert(1)", "nothing": "",
	} {
		if _, _, err := b.hooks.Add(b.Context(), b.ann, address); !isInput(err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.happen()
	b.drain()
	if d := b.last(h); len(r.got) != 0 || d.State != flattery.DeliveryWaits || d.Status != 0 || d.Cause == "" {
		t.Errorf("posted %d times, %+v", len(r.got), d)
	}
	hidden, _ := b.add("https://127.0.0.1/")
	if d, err := b.hooks.Test(b.Context(), b.ann, hidden.ID); err != nil || d.Status != 0 || !strings.Contains(d.Cause, "outbound.allow_private") {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAWebhookIsItsAccountsOwnAndChangesItsKey(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	bob := b.account("bob")
	h, old := b.add(r.URL)
	_, errRotate := b.hooks.Rotate(b.Context(), bob, h.ID)
	_, errTest := b.hooks.Test(b.Context(), bob, h.ID)
	for what, err := range map[string]error{"rotate": errRotate, "test": errTest, "remove": b.hooks.Remove(b.Context(), bob, h.ID)} {
		if !errors.Is(err, flattery.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	key, err := b.hooks.Rotate(b.Context(), b.ann, h.ID)
	if err != nil || key == old {
		t.Fatal(err)
	}
	for _, row := range []struct {
		pass       time.Duration
		new, older bool
	}{{0, true, true}, {24*time.Hour - time.Second, true, true}, {time.Second, true, false}} {
		b.pass(row.pass)
		if d, err := b.hooks.Test(b.Context(), b.ann, h.ID); err != nil || d.State != flattery.DeliveryDone {
			t.Fatal(d, err)
		}
		i := len(r.got) - 1
		want(t, "signed by the new key and the old", [2]bool{r.signed(key, i), r.signed(old, i)}, [2]bool{row.new, row.older})
	}
	for range 4 {
		b.add(r.URL)
	}
	if _, _, err := b.hooks.Add(b.Context(), b.ann, r.URL); !isInput(err) {
		t.Errorf("the one too many: %v", err)
	}
}

func TestWhatWasLostIsMadeDueAgainAndWhatWasRemovedIsNotPosted(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	h, _ := b.add(r.URL)
	b.happen()
	// As after a restore: the delivery is there, and its job is not.
	b.do(func(tx store.Tx) error { _, err := tx.AddDeliveries(b.Context(), start, start); return err })
	b.drain()
	want(t, "posted without a job", len(r.got), 0)
	for range 2 {
		if err := b.hooks.Resume(b.Context(), b.clock()); err != nil {
			t.Fatal(err)
		}
	}
	b.drain()
	want(t, "posted with it", len(r.got), 1)
	b.pass(time.Minute)
	b.happen()
	if err := b.hooks.Enqueue(b.Context(), b.clock()); err != nil {
		t.Fatal(err)
	}
	if err := b.hooks.Remove(b.Context(), b.ann, h.ID); err != nil {
		t.Fatal(err)
	}
	b.drain()
	want(t, "posted after it was removed", len(r.got), 1)
	ended, cancel := context.WithCancel(b.Context())
	other, _ := b.add(r.URL)
	cancel()
	if d, err := b.hooks.Test(ended, b.ann, other.ID); err == nil {
		t.Errorf("a test whose asker has gone: %+v", d)
	}
}
