export const Recurring = () => null;
