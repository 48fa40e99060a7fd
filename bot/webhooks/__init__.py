"""Others tell us: signed deliveries of HubSpot and Stripe."""
