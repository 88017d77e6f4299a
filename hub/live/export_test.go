package live

// Inspect opens inspect to its fuzz test.
var Inspect = inspect
