// Package kill says what stops a node from signing and what lets it go on: trips, of which anyone who was given the
// right may raise one alone, and lifts, which nobody can make alone. It verifies and compares; the guard keeps the set.
package kill
