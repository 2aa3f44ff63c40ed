namespace attnjit {}
