"""What becomes of a complaint at the authority: asked for, withdrawn, or left alone by the consumer."""
