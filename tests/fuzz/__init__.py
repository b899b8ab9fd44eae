"""Input of any kind: whatever a file holds, the program reads it or says what is wrong with it."""
