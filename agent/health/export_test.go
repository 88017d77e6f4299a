package health

// TemperatureOf is Temperature below another root.
var TemperatureOf = temperature
