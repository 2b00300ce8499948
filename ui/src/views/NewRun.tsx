export const NewRun = () => null;
