package node

import "testing"

func TestWalletIsFreeOnceItsRequestIsSettled(t *testing.T) {
	s := jobs{byID: map[string]*job{}, byWallet: map[string]*job{}}
	first, _, _ := s.start(Request{ID: "r1", Wallet: "w", State: StateSent, Deliver: DeliverConfirmed}, true)
	if _, _, free := s.start(Request{ID: "r2", Wallet: "w"}, true); free {
		t.Fatal("a second request got a wallet whose first is on its way")
	}
	first.set(func(r *Request) { r.State = StateConfirmed })
	second, fresh, free := s.start(Request{ID: "r2", Wallet: "w"}, true)
	if !fresh || !free {
		t.Fatal("the caller was told that it is confirmed, and its next request finds the wallet busy")
	}
	s.end(first)
	if s.get("r2") != second {
		t.Error("the end of the first took the second away")
	}
	if _, _, free := s.start(Request{ID: "r3", Wallet: "w"}, true); free {
		t.Error("the end of the first freed the wallet that the second holds")
	}
	second.reject(busy("w"))
	if _, _, free := s.start(Request{ID: "r3", Wallet: "w"}, true); !free {
		t.Error("a request that was not admitted holds its wallet")
	}
}
