package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"flattery"
	"flattery/connectors"
)

// message is what is posted. docs/webhooks.md describes it for those who receive it.
type message struct {
	Type      flattery.NoticeKind `json:"type"`
	Timestamp time.Time           `json:"timestamp"`
	Data      data                `json:"data"`
}

type data struct {
	Account  flattery.AccountID `json:"account"`
	Title    string             `json:"title"` // in the account's language
	Text     string             `json:"text"`
	URL      string             `json:"url"` // of the page where one sees it
	Month    flattery.Month     `json:"month,omitempty"`
	Amount   string             `json:"amount,omitempty"`
	Currency string             `json:"currency,omitempty"`
	Count    int                `json:"count,omitempty"`
	Network  string             `json:"network,omitempty"`
	Who      string             `json:"who,omitempty"`
	Reason   string             `json:"reason,omitempty"`
	Code     string             `json:"code,omitempty"`
	Until    time.Time          `json:"until,omitzero"`
}

func (h *Hooks) message(ctx context.Context, n flattery.Notice) ([]byte, error) {
	a, err := h.Store.Account(ctx, n.Account)
	if err != nil {
		return nil, err
	}
	l, err := h.Line(a.Language, n)
	if err != nil {
		return nil, err
	}
	d := data{Account: n.Account, Title: l.Title, Text: l.Text, URL: h.Base() + l.Path, Month: n.Month, Currency: n.Currency, Count: n.Count,
		Network: n.Network, Who: n.Who, Until: n.Until}
	if n.Currency != "" {
		d.Amount = n.Amount.String()
	}
	switch n.Kind {
	case flattery.NoticeSent, flattery.NoticePaid, flattery.NoticeVoided, flattery.NoticeLost, flattery.NoticeLate, flattery.NoticeReturned, flattery.NoticeHomeless:
		d.Code = n.Word
	default:
		d.Reason = n.Word
	}
	return json.Marshal(message{n.Kind, n.At, d})
}

// try posts a notice once, and says how that went. Its errors are ours.
func (h *Hooks) try(ctx context.Context, hook flattery.Hook, n flattery.Notice, d flattery.Delivery) (flattery.Delivery, error) {
	body, err := h.message(ctx, n)
	if err != nil {
		return d, err
	}
	keys, err := h.Store.HookKeys(ctx, hook.ID)
	if err != nil {
		return d, err
	}
	schema, err := h.Store.Schema(ctx)
	if err != nil {
		return d, err
	}
	now := h.Now().Truncate(time.Second)
	d.Status, err = h.post(ctx, hook.URL, fmt.Sprintf("msg_%s_%d", schema.Instance, d.ID), body, keys, now)
	if ctx.Err() != nil { // we are stopping: not the receiver's fault
		return d, ctx.Err()
	}
	d.Tries, d.TriedAt, d.Cause, d.State = d.Tries+1, now, "", flattery.DeliveryFailed
	if err != nil {
		d.Cause = connectors.Clean(err.Error(), longestCause)
	} else if d.Status/100 == 2 {
		d.State = flattery.DeliveryDone
	}
	return d, nil
}

const (
	longestCause = 200
	longestReply = 64 << 10 // what is read of an answer; nobody looks at it
)

// post answers the status; 0 and an error where there was no answer. A redirect is an answer like others, and a bad one.
func (h *Hooks) post(ctx context.Context, address, id string, body []byte, keys flattery.HookKeys, now time.Time) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	signed := []flattery.Secret{keys.Key}
	if now.Before(keys.OldUntil) {
		signed = append(signed, keys.Old)
	}
	signature, err := sign(id, body, now, signed...)
	if err != nil {
		return 0, err
	}
	req.Header.Set("webhook-signature", signature)
	straight := *h.Client
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := straight.Do(req)
	if err != nil {
		return 0, connectors.Failure(req.URL.Host, err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, longestReply))
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

const keyPrefix = "whsec_"

// sign is the header webhook-signature of Standard Webhooks: by each key, with spaces between.
func sign(id string, body []byte, now time.Time, keys ...flattery.Secret) (string, error) {
	all := make([]string, 0, len(keys))
	for _, k := range keys {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(k), keyPrefix))
		if err != nil {
			return "", fmt.Errorf("the key of the webhook: %w", err)
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%d.%s", id, now.Unix(), body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " "), nil
}
