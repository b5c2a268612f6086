"""From a trained model to a SavedModel: raw strings in, entities out, for TensorFlow Serving.

Every operation in it is one of TensorFlow's core operations. The text part is on the CPU, where the
string kernels are; the network is wherever there is a kernel and a device for it.
"""
