package notify

import (
	"testing"
	"time"
)

// The vector of the specification's own libraries.
func TestASignatureIsThatOfStandardWebhooks(t *testing.T) {
	at := time.Unix(1614265330, 0)
	got, err := sign("msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`), at, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	if _, err := sign("msg", nil, at, "whsec_no base64"); err == nil {
		t.Error("a key that is none signed")
	}
}
