package store

// Check lets the fuzzer at what decides over requests.
var Check = (*Store).check
