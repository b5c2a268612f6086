"""Linear-chain conditional random fields: the equations, once, and the Keras layer."""
