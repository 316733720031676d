"""What a remembered credential costs."""
