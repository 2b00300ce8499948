export const Experiments = () => null;
