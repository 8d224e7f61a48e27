"""The usual stacks, written as their users would write them: the same work with the same durability. No code of the product's floor."""
