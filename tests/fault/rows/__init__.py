"""The rows of the fault table: `make fault`. One file a kind of fault; the frame around them is the folder above."""
