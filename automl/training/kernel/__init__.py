"""Dense networks trained by compiled code of our own, without a TensorFlow graph."""
