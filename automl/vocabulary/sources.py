"""The books and papers that ranges and defaults come from, as they are cited."""

from __future__ import annotations

GERON = "Géron, Hands-On Machine Learning, 2nd ed."
FERLITSCH_HANDBOOK = "Ferlitsch, Learning Keras Handbook 3"
FERLITSCH_DESIGN = "Ferlitsch, Deep Learning Design"
ZAFAR = "Zafar et al., Hands-On CNNs with TensorFlow"
REALMLP = "RealMLP, arXiv 2407.04491"
TABM = "TabM, arXiv 2410.24210"
KADRA = "Kadra et al. 2021, arXiv 2106.11189"
PLAYBOOK = "Google's Deep Learning Tuning Playbook"
