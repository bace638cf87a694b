"""Where trials run: the contract between deciding and executing, and the engines that keep it."""
